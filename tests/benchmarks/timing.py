"""What the benchmarks share: contestants take turns, and a ratio is stated with its spread.

A slow moment of the machine then falls on all of them; ratios are taken within a round.
"""

import gc
import statistics
import time
from collections.abc import Callable, Mapping

Seconds = dict[str, list[float]]


def seconds(work: Callable[[], object]) -> float:
    """Of this process on the CPU: what others do on a shared machine is not counted as ours."""
    gc.collect()
    start = time.process_time()
    work()
    return time.process_time() - start


def take_turns(contestants: Mapping[str, Callable[[], object]], n_rounds: int) -> Seconds:
    """Seconds of each in each round, after a round that does not count."""
    for work in contestants.values():
        work()
    times = {name: [] for name in contestants}
    for _ in range(n_rounds):
        for name, work in contestants.items():
            times[name].append(seconds(work))
    return times


def ratios(times: Seconds, reference: str) -> Seconds:
    """How many times faster than the reference, round by round."""
    return {
        name: [theirs / ours for theirs, ours in zip(times[reference], own, strict=True)]
        for name, own in times.items()
    }


def spread(values: list[float]) -> str:
    return f"{statistics.median(values):6.2f}   ({min(values):.2f} to {max(values):.2f})"
