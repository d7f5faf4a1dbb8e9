"""Times of the filters beside transformers' logits processors; one thread, float32.

    python -m tests.benchmarks.bench_sampling

Logits [64, 50257], as GPT-2 has them, in two kinds: flat, where top-p 0.9 keeps 30,000 tokens, and
peaked, where it keeps a few dozen. The contestants take turns.
"""

import torch
from transformers.generation import logits_process as theirs

from afterword.runtime import keep_freed_memory
from afterword.sampling.filters import chain, min_p, temperature, top_k, top_p, typical
from tests.benchmarks.timing import ratios, spread, take_turns

SHAPE, N_ROUNDS = (64, 50257), 9
SCALES = {"flat": 1.0, "peaked": 5.0}


def one_by_one(*processors):
    """As ``generate`` calls them; these look at no text."""

    def process(logits):
        for processor in processors:
            logits = processor(None, logits)
        return logits

    return process


PAIRS = {
    "top-p": (top_p(0.9), one_by_one(theirs.TopPLogitsWarper(0.9))),
    "top-k": (top_k(50), one_by_one(theirs.TopKLogitsWarper(50))),
    "min-p": (min_p(0.05), one_by_one(theirs.MinPLogitsWarper(0.05))),
    "typical": (typical(0.9), one_by_one(theirs.TypicalLogitsWarper(0.9))),
    "temperature, top-k, top-p": (
        chain(temperature(0.8), top_k(50), top_p(0.9)),
        one_by_one(
            theirs.TemperatureLogitsWarper(0.8),
            theirs.TopKLogitsWarper(50),
            theirs.TopPLogitsWarper(0.9),
        ),
    ),
}


def filters(n_rounds: int) -> None:
    rng = torch.Generator().manual_seed(0)
    normal = torch.randn(SHAPE, generator=rng)
    print(f"{'':36} ms, theirs   ours   times faster: median (least to most)")
    for kind, scale in SCALES.items():
        logits = normal * scale
        n_kept = (top_p(0.9)(logits) > -torch.inf).sum(-1).float().median()
        print(f"{kind} logits, of which top-p 0.9 keeps {n_kept:.0f}")
        for name, (ours, reference) in PAIRS.items():
            works = {"theirs": lambda: reference(logits), "ours": lambda: ours(logits)}  # noqa: B023
            times = take_turns(works, n_rounds)
            least = "   ".join(f"{1e3 * sorted(own)[len(own) // 2]:7.1f}" for own in times.values())
            print(f"  {name:34} {least}   {spread(ratios(times, 'theirs')['ours'])}")


def main() -> None:
    torch.set_num_threads(1)
    print(f"filters, logits {list(SHAPE)}, {N_ROUNDS} rounds, one thread, float32")
    keep_freed_memory()  # for both
    filters(N_ROUNDS)


if __name__ == "__main__":
    main()
