"""Which parts of a model learn, and how fast each of them."""

from collections.abc import Sequence

from torch import nn


def freeze(model: nn.Module, *, but: Sequence[str]) -> int:
    """Let only the named parts learn; how many weights that is.

    A part is meant with all that is in it: ``freeze(model, but=("blocks.5", "norm"))``. What was
    frozen before and is named learns again.
    """
    names = [but] if isinstance(but, str) else list(but)
    weights = dict(model.named_parameters(remove_duplicate=False))
    for part in names:
        if not any(_is_in(name, part) for name in weights):
            known = ", ".join(dict.fromkeys(name.split(".")[0] for name in weights))
            raise ValueError(f"the model has no part {part!r} with weights; there are: {known}")
    model.requires_grad_(False)
    for name, weight in weights.items():
        if any(_is_in(name, part) for part in names):
            weight.requires_grad_(True)
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


def layer_rates(
    model: nn.Module, *, lr: float, decay: float, weight_decay: float = 0.1
) -> list[dict]:
    """Groups for an optimizer: ``lr`` at the top, ``decay`` times that for each layer further down.

        optimizer = torch.optim.AdamW(layer_rates(model, lr=1e-3, decay=0.8))

    The embeddings lie below the first block; the last norm and the unembedding above the last.
    Matrices decay by ``weight_decay``, vectors do not, frozen weights are in no group.

    Source: arXiv:1801.06146, section 3.2.
    """
    if not 0 < decay <= 1 or not lr > 0:
        raise ValueError(f"lr must be above 0 and decay above 0, at most 1; got {lr} and {decay}")
    groups: dict[tuple[int, bool], list] = {}
    for name, weight in model.named_parameters():
        if weight.requires_grad:
            key = (_depth(name, len(model.blocks)), weight.ndim >= 2)
            groups.setdefault(key, []).append(weight)
    top = len(model.blocks) + 1
    return [
        dict(params=params, lr=lr * decay ** (top - depth), weight_decay=weight_decay * is_matrix)
        for (depth, is_matrix), params in sorted(groups.items(), key=lambda item: item[0])
    ]


def _depth(name: str, n_blocks: int) -> int:
    first, *rest = name.split(".")
    if first == "blocks":
        return int(rest[0]) + 1
    return 0 if first in ("embedding", "positions") else n_blocks + 1


def _is_in(name: str, part: str) -> bool:
    return name == part or name.startswith(f"{part}.")
