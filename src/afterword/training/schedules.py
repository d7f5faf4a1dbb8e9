"""How the learning rate changes over a run: a factor for each step, at most 1.

A schedule knows how long the run is. Steps count from 0: ``schedule(0)`` is the factor of the
first update, ``schedule(n_steps - 1)`` that of the last.
"""

import math
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """Warm-up, then a shape of its own: ``schedule(step)`` is the factor on the learning rate.

    Over ``n_warmup`` steps the factor rises evenly and reaches 1 at step ``n_warmup``; what comes
    after is the subclass's ``after(progress)``, where progress runs from 0 to 1.
    """

    n_steps: int
    n_warmup: int = 0

    def __post_init__(self):
        if self.n_steps < 1:
            raise ValueError(f"a run has at least one step, got n_steps {self.n_steps}")
        if not 0 <= self.n_warmup < self.n_steps:
            raise ValueError(
                f"n_warmup {self.n_warmup} must be at least 0 and less than n_steps "
                f"{self.n_steps}; the rate would never be reached"
            )

    def __call__(self, step: int) -> float:
        if not 0 <= step < self.n_steps:
            raise ValueError(f"the run has steps 0 to {self.n_steps - 1}, asked for {step}")
        if step < self.n_warmup:
            return (step + 1) / (self.n_warmup + 1)
        return self.after((step - self.n_warmup) / (self.n_steps - self.n_warmup))

    def after(self, progress: float) -> float:
        raise NotImplementedError


class Constant(Schedule):
    """The same rate from the warm-up to the end."""

    def after(self, progress: float) -> float:
        return 1.0


@dataclass(frozen=True, kw_only=True)
class Linear(Schedule):
    """Down in a straight line to ``end``, which the step after the last would reach.

    >>> [Linear(n_steps=4)(step) for step in range(4)]
    [1.0, 0.75, 0.5, 0.25]
    """

    end: float = 0.0

    def after(self, progress: float) -> float:
        return 1 - (1 - self.end) * progress


@dataclass(frozen=True, kw_only=True)
class Cosine(Schedule):
    """Down to ``end`` along half a wave: slowly, fast, slowly.

    Source: arXiv:1608.03983, without the restarts.
    """

    end: float = 0.1

    def after(self, progress: float) -> float:
        return self.end + (1 - self.end) * (1 + math.cos(math.pi * progress)) / 2


@dataclass(frozen=True, kw_only=True)
class Trapezoid(Schedule):
    """Level until the last ``n_cooldown`` steps, then down in a straight line to 0.

    The level part can be prolonged without deciding beforehand how long the run will be.

    Source: arXiv:2405.18392.
    """

    n_cooldown: int

    def __post_init__(self):
        super().__post_init__()
        if not 1 <= self.n_cooldown <= self.n_steps - self.n_warmup:
            raise ValueError(
                f"n_cooldown {self.n_cooldown} must be at least 1 and fit after the warm-up: "
                f"{self.n_steps - self.n_warmup} steps are left"
            )

    def after(self, progress: float) -> float:
        left = (1 - progress) * (self.n_steps - self.n_warmup)
        return min(1.0, left / self.n_cooldown)
