"""Bands for training curves: where one more run, of another seed, should lie.

A chapter trains once; the runs of other seeds are committed with the package, each file with the
command that made it, so that the chapter can say whether its own curve is a usual one.
"""

import csv
import io
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float
from scipy.stats import t as student

FOLDER = Path(__file__).parents[1] / "data/runs"


MIN_SEEDS, MAX_STEPS = 5, 20  # with fewer seeds or more steps the band is too wide to refuse
ROUNDING = 1e-4  # nats; the files hold five places


@dataclass(frozen=True)
class Runs:
    """Losses of several seeds at the same steps: ``losses[seed, step]``, in nats per token."""

    steps: tuple[int, ...]
    losses: Float[np.ndarray, "n_seeds n_steps"]
    seeds: tuple[int, ...]
    command: str

    def __post_init__(self):
        if len(set(self.seeds)) < MIN_SEEDS or len(set(self.seeds)) != len(self.seeds):
            raise ValueError(
                f"a band wants at least {MIN_SEEDS} different seeds; got {list(self.seeds)}"
            )
        if not 1 <= len(self.steps) <= MAX_STEPS:
            raise ValueError(
                f"{len(self.steps)} steps: keep between 1 and {MAX_STEPS} of them, for instance "
                "losses[9::10]; the more there are, the wider the band must be"
            )
        if self.losses.shape != (len(self.seeds), len(self.steps)):
            raise ValueError(
                f"losses has shape {self.losses.shape}; "
                f"{len(self.seeds)} seeds at {len(self.steps)} steps were wanted"
            )
        if not np.isfinite(self.losses).all():
            raise ValueError("a loss is not finite: leave such a run out, and say so")

    @property
    def mean(self) -> Float[np.ndarray, " n_steps"]:
        return self.losses.mean(axis=0)

    def half_width(self, risk: float) -> Float[np.ndarray, " n_steps"]:
        """Half of Student's interval for one more run at one step, missed with that ``risk``."""
        n = len(self.seeds)
        quantile = student.ppf(1 - risk / 2, df=n - 1)
        half = quantile * self.losses.std(axis=0, ddof=1) * np.sqrt(1 + 1 / n)
        return np.maximum(half, ROUNDING)

    def band(self, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
        """Least and greatest loss at each step, such that one more run stays within them.

        From its first step to its last, with a probability of at least ``level``, if the losses
        of seeds are Gaussian: the risk is shared out over the steps (Bonferroni).
        """
        if not 0 < level < 1:
            raise ValueError(f"level is a probability between 0 and 1; got {level}")
        half = self.half_width((1 - level) / len(self.steps))
        return self.mean - half, self.mean + half

    def contains(self, losses, *, steps, seed: int) -> bool:
        """Whether a run of another seed lies inside the band at every step."""
        if seed in self.seeds:
            raise ValueError(
                f"seed {seed} is one of the band's own, {list(self.seeds)}, and lies inside "
                "whatever it does: train with another"
            )
        if tuple(steps) != self.steps or len(losses) != len(self.steps):
            raise ValueError(
                f"{len(losses)} losses at steps {list(steps)}; one for each of the band's steps "
                f"{list(self.steps)} was wanted"
            )
        low, high = self.band()
        losses = np.asarray(losses, dtype=float)
        return bool(((low <= losses) & (losses <= high)).all())

    def __str__(self):
        end, half = self.mean[-1], self.half_width(0.05)[-1]
        return (
            f"{len(self.seeds)} seeds: {end:.3f} nats at the end, "
            f"95 % of runs between {end - half:.3f} and {end + half:.3f}"
        )


def load_runs(name: str, folder: Path = FOLDER) -> Runs:
    """The committed runs of that name."""
    path = Path(folder, f"{name}.csv")
    if not path.exists():
        known = ", ".join(sorted(file.stem for file in Path(folder).glob("*.csv"))) or "none yet"
        raise ValueError(f"no runs are called {name!r}; there are: {known}")
    head, _, table = path.read_text(encoding="utf-8").partition("\n")
    try:
        rows = [
            (int(row["seed"]), int(row["step"]), float(row["loss"]))
            for row in csv.DictReader(io.StringIO(table))
        ]
        at = {(seed, step): loss for seed, step, loss in rows}
        seeds, steps = (sorted(set(each)) for each in zip(*at, strict=True))
        losses = np.array([[at[seed, step] for step in steps] for seed in seeds])
        if not head.startswith("# command: ") or len(rows) != len(at):
            raise KeyError
    except (KeyError, ValueError, TypeError) as error:
        wanted = "a line '# command: …', then seed,step,loss with each seed once at each step"
        raise ValueError(f"{path.name} is damaged; wanted {wanted}") from error
    return Runs(tuple(steps), losses, tuple(seeds), head.removeprefix("# command: "))


def save_runs(name: str, runs: Runs, folder: Path = FOLDER) -> Path:
    """Write runs where ``load_runs`` finds them, whole or not at all."""
    path = Path(folder, f"{name}.csv")
    lines = [f"# command: {runs.command}", "seed,step,loss"]
    for seed, losses in zip(runs.seeds, runs.losses, strict=True):
        rows = zip(runs.steps, losses, strict=True)
        lines += [f"{seed},{step},{loss:.5f}" for step, loss in rows]
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text("\n".join(lines) + "\n", encoding="utf-8")
    os.replace(partial, path)
    return path
