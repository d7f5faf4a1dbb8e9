"""Times of the decoder: forward and backward beside nanoGPT's way; one thread.

    python -m tests.benchmarks.bench_model

At 10.7 M parameters: 6 layers, 384 wide, 6 heads, 65 symbols. The contestants take turns.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from afterword.model.gpt import GPT
from afterword.model.layers import GELU
from afterword.model.presets import gpt2, llama, small
from tests.benchmarks.timing import ratios, spread, take_turns

SIZES = dict(vocab_size=65, context_length=256, d_model=384, n_layers=6, n_heads=6)
BATCH, N_ROUNDS = 16, 7


class PackedBlock(nn.Module):
    """GPT-2's block as it is usually written for speed: one projection for q, k and v."""

    def __init__(self, width: int, n_heads: int):
        super().__init__()
        self.n_heads = n_heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.project, self.merge = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )

    def forward(self, x: Tensor) -> Tensor:
        packed = self.project(self.norm1(x)).chunk(3, dim=-1)
        q, k, v = (part.unflatten(-1, (self.n_heads, -1)).transpose(1, 2) for part in packed)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.merge(y.transpose(1, 2).flatten(2))
        return x + self.mlp(self.norm2(x))


class NanoStyle(nn.Module):
    """A GPT-2 of such blocks, as nanoGPT has it: exact GELU, tied embeddings, no dropout here."""

    def __init__(
        self, vocab_size: int, context_length: int, d_model: int, n_layers: int, n_heads: int
    ):
        super().__init__()
        self.tokens = nn.Embedding(vocab_size, d_model)
        self.places = nn.Embedding(context_length, d_model)
        self.blocks = nn.Sequential(*(PackedBlock(d_model, n_heads) for _ in range(n_layers)))
        self.norm = nn.LayerNorm(d_model)

    def forward(self, ids: Tensor) -> Tensor:
        x = self.tokens(ids) + self.places(torch.arange(ids.shape[1]))
        return F.linear(self.norm(self.blocks(x)), self.tokens.weight)


def training_step(model: nn.Module, ids: Tensor, *, dtype=None, precision="highest") -> Callable:
    """Forward and backward, no optimizer; under autocast if there is a ``dtype``."""

    def step():
        torch.set_float32_matmul_precision(precision)
        model.zero_grad(set_to_none=True)
        with torch.autocast("cpu", dtype or torch.bfloat16, enabled=dtype is not None):
            logits = model(ids[:, :-1])
            loss = F.cross_entropy(logits.flatten(0, 1).float(), ids[:, 1:].flatten())
        loss.backward()
        torch.set_float32_matmul_precision("highest")

    return step


def training(n_rounds: int) -> dict[str, list[float]]:
    """Seconds of one step of each, in turns."""
    ids = torch.randint(SIZES["vocab_size"], (BATCH, SIZES["context_length"] + 1))
    wide = dict(n_kv_heads=2, d_ff=1024)
    nano, same = NanoStyle(**SIZES), GPT(gpt2(**SIZES, mlp=GELU))
    ours = {
        "gpt2": GPT(gpt2(**SIZES)),
        "small": GPT(small(**SIZES)),
        "llama": GPT(llama(**SIZES | wide)),
    }
    half = dict(dtype=torch.bfloat16)
    steps = {
        "nanoGPT style": training_step(nano, ids),
        "nanoGPT style, bf16": training_step(nano, ids, **half),
        "the same in ours": training_step(same, ids),
        "the same in ours, medium": training_step(same, ids, precision="medium"),
        "the same in ours, bf16": training_step(same, ids, **half),
    }
    for name, model in ours.items():
        steps |= {
            name: training_step(model, ids),
            f"{name}, bf16": training_step(model, ids, **half),
        }
    return take_turns(steps, n_rounds)


def show(times: dict[str, list[float]], n_tokens: int) -> None:
    faster = ratios(times, next(iter(times)))
    for name, own in times.items():
        speed = spread([n_tokens / seconds for seconds in own])
        print(f"  {name:26} {speed:34} {spread(faster[name])}")


def main() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    print(f"tokens/s and ratio, each the median (least to most) of {N_ROUNDS} rounds, one thread")
    print(f"\nforward and backward, 6 x 384, context 256, batch {BATCH}")
    show(training(N_ROUNDS), BATCH * SIZES["context_length"])


if __name__ == "__main__":
    main()
