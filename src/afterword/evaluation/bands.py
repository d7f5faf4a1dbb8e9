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


@dataclass(frozen=True)
class Runs:
    """Losses of several seeds at the same steps: ``losses[seed, step]``, in nats per token."""

    steps: tuple[int, ...]
    losses: Float[np.ndarray, "n_seeds n_steps"]
    seeds: tuple[int, ...]
    command: str

    def __post_init__(self):
        if len(set(self.seeds)) < 3 or len(set(self.seeds)) != len(self.seeds):
            raise ValueError(f"a band wants at least 3 different seeds; got {list(self.seeds)}")
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

    def band(self, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
        """Least and greatest loss at each step, such that one more run stays within them.

        From its first step to its last, with a probability of at least ``level``, if the losses
        of seeds are Gaussian: Student's interval for one more draw, with the risk shared out
        over the steps (Bonferroni).
        """
        if not 0 < level < 1:
            raise ValueError(f"level is a probability between 0 and 1; got {level}")
        n = len(self.seeds)
        quantile = student.ppf(1 - (1 - level) / (2 * len(self.steps)), df=n - 1)
        half = quantile * self.losses.std(axis=0, ddof=1) * np.sqrt(1 + 1 / n)
        return self.mean - half, self.mean + half

    def contains(self, losses, level: float = 0.95) -> bool:
        """Whether a run lies inside the band at every step."""
        losses = np.asarray(losses, dtype=float)
        if losses.shape != (len(self.steps),):
            raise ValueError(
                f"the run has shape {losses.shape}; one loss for each of {len(self.steps)} steps "
                "was wanted"
            )
        low, high = self.band(level)
        return bool(((low <= losses) & (losses <= high)).all())

    def __str__(self):
        low, high = self.band()
        return (
            f"{len(self.seeds)} seeds: {self.mean[-1]:.3f} nats at the end, "
            f"95 % of runs between {low[-1]:.3f} and {high[-1]:.3f}"
        )


def load_runs(name: str, folder: Path = FOLDER) -> Runs:
    """The committed runs of that name."""
    path = Path(folder, f"{name}.csv")
    if not path.exists():
        known = ", ".join(sorted(file.stem for file in Path(folder).glob("*.csv"))) or "none yet"
        raise ValueError(f"no runs are called {name!r}; there are: {known}")
    head, _, table = path.read_text(encoding="utf-8").partition("\n")
    rows = [(int(r["seed"]), int(r["step"]), float(r["loss"])) for r in csv.DictReader(
        io.StringIO(table))]  # fmt: skip
    seeds, steps = sorted({row[0] for row in rows}), sorted({row[1] for row in rows})
    at = {(seed, step): loss for seed, step, loss in rows}
    if not head.startswith("# command: ") or len(at) != len(seeds) * len(steps):
        raise ValueError(f"{path.name} is damaged: a command, and each seed at each step, wanted")
    losses = np.array([[at[seed, step] for step in steps] for seed in seeds])
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
