"""Our recipe against nanoGPT's CPU recipe at equal wall time, on two texts; half an hour.

    python -m tests.benchmarks.bench_baseline [number of seeds]

Each text is about a million characters, the first 90 % to learn, the rest, all of it, to judge.
The baseline is trained first. Ours then gets as many steps as fit into the seconds that it took,
and, in a run of its own, into a quarter of them. It needs a machine with nothing else to do.
"""

import json
import os
import string
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from afterword.text.corpora import text
from tests.benchmarks.timing import spread

ALPHABET = set(string.ascii_letters + "\n !$&',-.3:;?")  # the 65 of the well-known file
N_CHARACTERS = 1_115_394
BASELINE, OURS = ("nanogpt-cpu", 2), ("ours-1m", 2)  # recipe, threads of each process
WARM = 20  # steps that do not count towards the speed


def prepared(name: str) -> str:
    kept = "".join(c for c in text(name) if c in ALPHABET)
    while "\n\n\n" in kept:
        kept = kept.replace("\n\n\n", "\n\n")
    return kept[:N_CHARACTERS]


def train(recipe: str, threads: int, *, file: Path, seed: int, n_steps: int) -> list[dict]:
    """The rows that the command wrote: each step with its seconds, and the last evaluation."""
    with tempfile.TemporaryDirectory() as folder:
        words = ["--config", recipe, "--text", file, "--seed", seed, "--n-steps", n_steps]
        words += ["--folder", folder, "--name", "run", "--evaluate-every", 0]
        words += ["--save-every", 0, "--sample-every", 0]
        command = [sys.executable, "-m", "afterword", "train", *map(str, words)]
        threads = os.environ | {"OMP_NUM_THREADS": str(threads)}
        subprocess.run(command, env=threads, check=True, capture_output=True)
        lines = Path(folder, "run/results.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def outcome(rows: list[dict]) -> tuple[float, float]:
    """Seconds in steps, and nats per character on the whole of the held-out text."""
    steps = [row for row in rows if row["kind"] == "step"]
    (loss,) = [row["loss"] for row in rows if row["kind"] == "evaluation"]
    return steps[-1]["seconds"], loss


def steps_in(seconds: float, **run) -> int:
    """How many steps of ours fit, by a short run now."""
    rows = train(*OURS, n_steps=3 * WARM, **run)
    times = [row["seconds"] for row in rows if row["kind"] == "step"]
    return int(WARM + (seconds - times[WARM - 1]) / (times[-1] - times[WARM - 1]) * 2 * WARM)


def races(file: Path, n_seeds: int) -> Iterator[tuple[float, float, float]]:
    """For each seed: gain at equal time, share of the time, gain in a quarter of it."""
    for seed in range(n_seeds):
        run = dict(file=file, seed=seed)
        seconds, loss = outcome(train(*BASELINE, n_steps=2000, **run))
        n_steps = steps_in(0.98 * seconds, **run)
        ours, better = outcome(train(*OURS, n_steps=n_steps, **run))
        quick, early = outcome(train(*OURS, n_steps=steps_in(0.245 * seconds, **run), **run))
        print(
            f"  seed {seed}: baseline {loss:.3f} in {seconds:.0f} s; ours {better:.3f} in "
            f"{ours:.0f} s ({n_steps} steps), {early:.3f} in {quick:.0f} s",
            flush=True,
        )
        yield loss - better, ours / seconds, loss - early


def main() -> None:
    n_seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    with tempfile.TemporaryDirectory() as folder:
        for name in ("shakespeare", "austen"):
            file = Path(folder, f"{name}.txt")
            file.write_text(prepared(name))
            print(f"{name}, nats per character:")
            gains, shares, early = zip(*races(file, n_seeds), strict=True)
            print(f"  gain at equal time            {spread(gains)}")
            print(f"  share of the baseline's time  {spread(shares)}")
            print(f"  gain in a quarter of it       {spread(early)}")


if __name__ == "__main__":
    main()
