"""Bands for training curves: where one more run, of another seed, should lie.

A chapter trains once; the runs of other seeds are committed with the package, each table with the
command that made it, so that the chapter can say whether its own curve is a usual one.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float
from scipy.stats import t as student

from afterword.training.tables import (
    COMMITTED,
    Table,
    known_tables,
    read_table,
    this_machine,
    today,
    write_table,
)

MIN_SEEDS, MAX_STEPS = 5, 20  # with fewer seeds or more steps the band is too wide to refuse
ROUNDING = 1e-4  # nats; what sums in another order, or threads, may make of the same loss


@dataclass(frozen=True)
class Runs:
    """Losses of several seeds at the same steps: ``losses[seed, step]``, in ``unit``."""

    steps: tuple[int, ...]
    losses: Float[np.ndarray, "n_seeds n_steps"]
    seeds: tuple[int, ...]
    command: str
    machine: str = ""
    date: str = ""
    unit: str = "nats"  # per token

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
            f"{len(self.seeds)} seeds: {end:.3f} {self.unit} at the end, "
            f"95 % of runs between {end - half:.3f} and {end + half:.3f}"
        )


def load_runs(name: str, folder: Path = COMMITTED, *, unit: str = "nats") -> Runs:
    """The committed runs of that name: a table with a seed, a step and a loss in each row.

    The table does not know in which ``unit`` its losses are; who prints them says so.
    """
    path = Path(folder, f"{name}.json")
    if not path.exists():
        raise ValueError(f"no runs are called {name!r}; there are: {known_tables(folder)}")
    table = read_table(path)
    try:
        at = {(row["seed"], row["step"]): float(row["loss"]) for row in table.rows}
        steps = sorted({step for _, step in at})
        losses = np.array([[at[seed, step] for step in steps] for seed in table.seeds])
        if not len(table.rows) == len(at) > 0:
            raise KeyError("twice")
    except (KeyError, TypeError) as error:
        raise ValueError(
            f"{path.name} makes no band; its rows must have seed, step and loss, each seed once "
            "at each step: keep curves of different settings in different tables"
        ) from error
    made = (table.command, table.machine, table.date)
    return Runs(tuple(steps), losses, tuple(table.seeds), *made, unit)


def save_runs(name: str, runs: Runs, folder: Path = COMMITTED) -> Path:
    """Write runs where ``load_runs`` finds them, whole or not at all."""
    rows = [
        {"seed": seed, "step": step, "loss": float(loss)}
        for seed, losses in zip(runs.seeds, runs.losses, strict=True)
        for step, loss in zip(runs.steps, losses, strict=True)
    ]
    table = Table(
        command=runs.command,
        machine=runs.machine or this_machine(),
        date=runs.date or today(),
        seeds=runs.seeds,
        rows=rows,
    )
    return write_table(Path(folder, f"{name}.json"), table)
