"""Checkers for the exercises of chapter 4."""

from types import SimpleNamespace

import torch
from torch import Tensor

from afterword.exercises.checking import NotYet, is_unwritten, verdict


def check_parameters(block_parameters) -> None:
    """``block_parameters(d_model, d_head, n_heads, n_kv_heads, d_ff)``: one block of SmolLM2."""
    d, k, h, g, f = 8, 4, 2, 1, 10  # queries and output 64 each, keys and values 32 each, MLP 240
    got = block_parameters(d, k, h, g, f)
    if is_unwritten(got, "block_parameters"):
        return
    verdict(
        got,
        448,
        slips={
            "You left out the two norms: each has a weight for every number of the stream.": 432,
            "A block has two norms, one before each of its halves. You counted one.": 440,
            "You gave keys and values as many heads as queries. Of those there are only "
            "n_kv_heads.": 512,
            "You counted two matrices in the MLP. SwiGLU has three: up, gate and down.": 368,
            "There is a bias somewhere in your sum. These linear layers have none.": 448
            + 2 * h * k
            + 2 * g * k,
            "RMSNorm has a weight for each number and no bias. You gave it both.": 464,
            "You forgot the output matrix of attention, which brings the heads back to the "
            "width of the stream.": 384,
            "Keys and values have a matrix each; you counted one of the two.": 416,
            "You took the MLP to be 4 d_model wide. Its width is d_ff, which is given.": 448
            - 3 * d * f
            + 3 * d * 4 * d,
        },
        otherwise="Add up on paper for d_model 8, two heads of 4 that share one key/value head, "
        "and d_ff 10: 64 + 32 + 32 + 64 in attention, 3 times 80 in the MLP, twice 8 in the norms.",
    )
    verdict(
        block_parameters(576, 64, 9, 3, 1536),
        3_540_096,
        slips={},
        otherwise="Right for the small block, but not for one of SmolLM2. Is there a number of "
        "the small block left in your sum?",
    )
    print("Right: times 30, and the embedding and the last norm added, it is SmolLM2.")


def check_prefix(prefix_mask) -> None:
    """``prefix_mask(n_read, n_written)``: what was read is seen whole, what is written so far."""
    got = prefix_mask(3, 2)
    if is_unwritten(got, "prefix_mask"):
        return
    if not isinstance(got, Tensor):
        raise NotYet(f"A tensor was wanted, and {type(got).__name__} came.")
    if got.shape != (5, 5):
        raise NotYet(
            f"The shape should be (5, 5), one row and one column for each of 3 + 2 words, and is "
            f"{tuple(got.shape)}."
        )
    if got.dtype != torch.bool:
        raise NotYet(f"A mask is True or False; yours holds {got.dtype}. Compare, or call .bool().")
    causal = torch.ones(5, 5).tril().bool()
    wanted = causal.clone()
    wanted[:, :3] = True
    only_read = causal.clone()
    only_read[:3, :3] = True
    cut = only_read.clone()
    cut[3:, :3] = False
    slips = [
        (causal, "That is the plain causal mask: the first word that was read cannot see the "
         "second. What was read is known whole before the writing begins."),
        (torch.ones(5, 5).bool(), "Everybody sees everything, so the first word written sees the "
         "second, which it is supposed to guess."),
        (~wanted, "It is turned round: True is where a word may look."),
        (wanted.mT, "Rows and columns are exchanged. A row is the word that looks, a column the "
         "word that is looked at."),
        (cut, "The words that are written cannot see those that were read. They are read in order "
         "to be seen."),
    ]  # fmt: skip
    for slip, diagnosis in slips:
        if got.equal(slip):
            raise NotYet(diagnosis)
    if got[:3, 3:].any():
        raise NotYet(
            "A word that was read sees one that is yet to be written. Its vector would change as "
            "the writing goes on."
        )
    if not got.equal(wanted):
        raise NotYet(f"Wanted {wanted.int().tolist()}, and it is {got.int().tolist()}.")
    if not prefix_mask(1, 3).equal(torch.ones(4, 4).tril().bool()):
        raise NotYet("Right for 3 and 2. With one word read and 3 written it must be causal.")
    print("Right: two directions over what was read, one over what is written.")


def check_contributions(contributions) -> None:
    """``contributions(x, blocks)``: what each part adds to the stream, [2L + 1, T, D]."""
    rng = torch.Generator().manual_seed(0)
    x, blocks = torch.randn(4, 3, generator=rng), [made_up_block(rng) for _ in range(2)]
    parts = taken_apart(x, blocks)
    got = contributions(x.clone(), blocks)
    if is_unwritten(got, "contributions"):
        return
    if not isinstance(got, Tensor):
        raise NotYet(f"A tensor was wanted, and {type(got).__name__} came; torch.stack makes one.")
    if got.shape == (4, 4, 3):
        raise NotYet(
            "Four parts came of two blocks. Before the first block the stream holds something "
            "already: x, the embedding."
        )
    if got.shape == (3, 4, 3):
        raise NotYet("One part a block came. A block adds twice: attention, then the MLP.")
    if got.shape != parts.shape:
        raise NotYet(
            f"The shape should be {tuple(parts.shape)}: the stream at first and two parts a "
            f"block, the positions, the width. It is {tuple(got.shape)}."
        )
    if close(got, parts):
        print("Right: the parts add up to the stream, to the last digit but rounding.")
        return
    if close(got, parts.cumsum(0)):
        raise NotYet(
            "That is the stream after each part. Wanted is what each part added: the difference."
        )
    if not close(got[1], parts[1]):
        raise NotYet(
            "The first attention is not what was added. Does it read a normed copy of the stream, "
            "with the block's own attention_norm?"
        )
    if not close(got[2], parts[2]):
        raise NotYet(
            "The first attention is right, the first MLP is not. It reads a normed copy of the "
            "stream to which attention has already been added."
        )
    raise NotYet(
        "The first block is right, the second is not. Does it read the stream with all that the "
        "first has added?"
    )


def made_up_block(rng: torch.Generator) -> SimpleNamespace:
    """Parts as a block has them, each another bent mixture of positions or of numbers."""
    over_positions = torch.randn(4, 4, generator=rng)
    over_numbers, first, second = torch.randn(3, 3, 3, generator=rng)
    return SimpleNamespace(
        attention_norm=lambda x: normed(x) * first[0],
        attention=lambda x: over_positions @ x,
        mlp_norm=lambda x: normed(x) * second[0],
        mlp=lambda x: torch.relu(x @ over_numbers),
    )


def normed(x: Tensor) -> Tensor:
    return x / x.square().mean(dim=-1, keepdim=True).sqrt()


def taken_apart(x: Tensor, blocks: list[SimpleNamespace]) -> Tensor:
    parts = [x]
    for block in blocks:
        for norm, part in ((block.attention_norm, block.attention), (block.mlp_norm, block.mlp)):
            parts.append(part(norm(sum(parts))))
    return torch.stack(parts)


def close(one: Tensor, other: Tensor) -> bool:
    return torch.allclose(one, other, rtol=1e-4, atol=1e-5)
