"""Times of the BPE, beside ``tokenizers`` and ``tiktoken``, one thread each.

    python tests/benchmarks/bench_bpe.py

The contestants take turns, so that a slow moment of the machine falls on all of them.
"""

import gc
import os
import statistics
import time
from collections.abc import Callable

os.environ["TOKENIZERS_PARALLELISM"] = "false"  # before the library is imported
os.environ["RAYON_NUM_THREADS"] = "1"

import tiktoken
import tokenizers
from tokenizers import models, pre_tokenizers, trainers

from afterword.text import corpora
from afterword.text.bpe import BPETokenizer
from afterword.text.bpe_training import CHUNK

N_MERGES = 4096
N_ROUNDS = 7


def seconds(work: Callable[[], object]) -> float:
    gc.collect()
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def train_with_tokenizers(text: str) -> tokenizers.Tokenizer:
    tokenizer = tokenizers.Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=256 + N_MERGES,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([text], trainer)
    return tokenizer


def training(text: str, n_rounds: int) -> tuple[list[float], list[float]]:
    """Seconds of ours and of ``tokenizers``, in turns."""
    ours, theirs = [], []
    for _ in range(n_rounds):
        ours.append(seconds(lambda: BPETokenizer.train(text, 256 + N_MERGES)))
        theirs.append(seconds(lambda: train_with_tokenizers(text)))
    return ours, theirs


def encoding(text: str, n_rounds: int) -> dict[str, list[float]]:
    """MB/s of each way to encode, in turns. Cold: a fresh tokenizer, its first call."""
    trained = BPETokenizer.train(text, 256 + N_MERGES)
    content = train_with_tokenizers(text).to_str()
    ranks = trained.mergeable_ranks()
    n_mb = len(text.encode()) / 1e6
    speeds = {}
    for _ in range(n_rounds):
        ours = BPETokenizer.from_merges(trained.merges)
        theirs = tokenizers.Tokenizer.from_str(content)
        tik = tiktoken.Encoding(
            "bench", pat_str=CHUNK.pattern, mergeable_ranks=ranks, special_tokens={}
        )
        for name, work in {
            "afterword, cold": lambda ours=ours: ours.encode(text),
            "afterword, warm": lambda ours=ours: ours.encode(text),
            "tokenizers, cold": lambda theirs=theirs: theirs.encode(text).ids,
            "tokenizers, warm": lambda theirs=theirs: theirs.encode(text).ids,
            "tiktoken": lambda tik=tik: tik.encode_ordinary(text),
        }.items():
            speeds.setdefault(name, []).append(n_mb / seconds(work))
    return speeds


def training_ratios(n_characters: int, n_rounds: int) -> list[float]:
    """Our seconds over theirs, round by round."""
    ours, theirs = training(corpora.text("shakespeare")[:n_characters], n_rounds)
    return [a / b for a, b in zip(ours, theirs, strict=True)]


def encoding_ratios(n_characters: int, n_rounds: int) -> list[float]:
    """Our seconds over theirs, round by round, each with a fresh tokenizer."""
    speeds = encoding(corpora.text("shakespeare")[:n_characters], n_rounds)
    pairs = zip(speeds["afterword, cold"], speeds["tokenizers, cold"], strict=True)
    return [theirs / ours for ours, theirs in pairs]


def spread(values: list[float]) -> str:
    return f"{statistics.median(values):6.2f}   ({min(values):.2f} to {max(values):.2f})"


def main() -> None:
    text = corpora.text("shakespeare")
    print(f"median (least to most) of {N_ROUNDS} rounds; {N_MERGES} merges; Shakespeare")
    for n_characters in (1_000_000, len(text)):
        ours, theirs = training(text[:n_characters], N_ROUNDS)
        print(f"\ntraining on {n_characters:,} characters")
        print(f"  afterword, s      {spread(ours)}")
        print(f"  tokenizers, s     {spread(theirs)}")
        print(f"  ratio             {spread([a / b for a, b in zip(ours, theirs, strict=True)])}")
    print(f"\nencoding {len(text):,} characters, MB/s")
    for name, speeds in encoding(text, N_ROUNDS).items():
        print(f"  {name:17} {spread(speeds)}")


if __name__ == "__main__":
    main()
