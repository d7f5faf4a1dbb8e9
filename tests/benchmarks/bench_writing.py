"""Times of writing, beside Hugging Face's ``generate`` with its cache; one thread.

    python -m tests.benchmarks.bench_writing

The likeliest token again and again, the same from all (but for bf16). 10.7 M weights: 6 layers,
384 wide, 6 heads, 65 symbols. Then SmolLM2-135M, if it is installed, and the packaged writer with
and without a draft. The contestants take turns.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from afterword.interop.pretrained import load_pretrained
from afterword.interop.weights import to_hugging_face
from afterword.interop.writers import load_writer
from afterword.model.gpt import GPT
from afterword.model.packed import pack
from afterword.model.presets import gpt2
from afterword.sampling.filters import top_k
from afterword.sampling.generate import stream
from tests.benchmarks.timing import ratios, spread, take_turns

SIZES = dict(vocab_size=65, context_length=256, d_model=384, n_layers=6, n_heads=6)
N_ROUNDS, N_PROMPT = 9, 16
RNG = torch.Generator()


def writes(model: Callable, ids: Tensor, n_new: int) -> Callable[[], list[list[int]]]:
    settings = dict(context_length=4096, rng=RNG, filters=[top_k(1)], n_tokens=n_new)
    return lambda: torch.stack(list(stream(model, ids, **settings)), dim=1).tolist()


def generates(theirs, ids: Tensor, n_new: int) -> Callable[[], list[list[int]]]:
    asked = dict(max_new_tokens=n_new, min_new_tokens=n_new, do_sample=False, pad_token_id=0)
    mask = torch.ones_like(ids)
    return lambda: theirs.generate(ids, attention_mask=mask, **asked)[:, ids.shape[1] :].tolist()


def compare(
    model: GPT, n_rows: int, *, n_new: int, n_rounds: int, more: dict | None = None
) -> None:
    """Print tokens a second of each, and how many times Hugging Face's."""
    theirs = to_hugging_face(model)
    ids = torch.randint(model.config.vocab_size, (n_rows, N_PROMPT))
    contestants = {
        "Hugging Face": generates(theirs, ids, n_new),
        "afterword": writes(model, ids, n_new),
        "afterword, packed": writes(pack(model, batch_size=n_rows), ids, n_new),
        "afterword, packed, bf16": writes(pack(model, dtype=torch.bfloat16), ids, n_new),
    }
    contestants |= {name: writes(other, ids, n_new) for name, other in (more or {}).items()}
    wanted = contestants["Hugging Face"]()
    for name, work in contestants.items():
        assert "bf16" in name or work() == wanted, name
    times = take_turns(contestants, n_rounds)
    faster = ratios(times, "Hugging Face")
    for name, own in times.items():
        speed = spread([n_rows * n_new / seconds for seconds in own])
        print(f"  {name:26} {speed:34} {spread(faster[name])}")


def main() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    print(f"tokens/s and ratio, each the median (least to most) of {N_ROUNDS} rounds, one thread")
    model = GPT(gpt2(**SIZES)).eval()
    print("\n10.7 M weights, 240 tokens after 16, one text")
    without = {"afterword, no cache": lambda ids: model(ids)}
    compare(model, 1, n_new=240, n_rounds=N_ROUNDS, more=without)
    print("\n10.7 M weights, 128 tokens after 16, 16 texts")
    compare(model, 16, n_new=128, n_rounds=N_ROUNDS)
    print("\nthe packaged writer's shape is not Hugging Face's; its speed beside itself")
    writer, _ = load_writer("writer")
    ids = torch.randint(84, (1, N_PROMPT))
    own = {"as it is": writes(writer, ids, 112), "packed": writes(pack(writer), ids, 112)}
    for name, seconds in take_turns(own, N_ROUNDS).items():
        print(f"  {name:26} {spread([112 / one for one in seconds])}")
    try:
        smollm2, _ = load_pretrained("smollm2-135m")
    except ValueError as error:
        print(error)
        return
    print("\nSmolLM2-135M, 32 tokens after 16, one text")
    compare(smollm2, 1, n_new=32, n_rounds=5)


if __name__ == "__main__":
    main()
