"""The encoder: the same blocks, but every position sees all others, before it and after.

Axes   B batch   T positions   D d_model   V vocab_size
"""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from afterword.model.attention import View
from afterword.model.block import initialise
from afterword.model.config import Config
from afterword.model.gpt import check_ids
from afterword.model.positions import Positions


class Encoder(nn.Module):
    """From ids to a vector for each position that knows the whole text.

    ``is_real`` is False at pads: no one looks at them, and their vectors mean nothing. Pads stand
    at the end of a row.
    """

    def __init__(self, config: Config):
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocab_size, config.d_model)
        self.positions = config.positions.build(config)
        self.blocks = nn.ModuleList(config.block(config) for _ in range(config.n_layers))
        self.norm = config.norm(config.d_model, eps=config.norm_eps)
        initialise(self)

    def forward(
        self, ids: Int[Tensor, "B T"], is_real: Bool[Tensor, "B T"] | None = None
    ) -> Float[Tensor, "B T D"]:
        check_ids(ids, vocab_size=self.config.vocab_size)
        places, view = look_around(ids, self.positions, config=self.config, is_real=is_real)
        x = self.positions.add(self.embedding(ids), places)
        for block in self.blocks:
            x = block(x, view)
        return self.norm(x)


class MaskedLM(nn.Module):
    """An encoder that guesses tokens which were hidden from it, from both sides.

    >>> import torch
    >>> from afterword.model.presets import small
    >>> MaskedLM(small(vocab_size=65))(torch.zeros(2, 7, dtype=torch.long)).shape
    torch.Size([2, 7, 65])

    Source: arXiv:1810.04805.
    """

    def __init__(self, config: Config):
        super().__init__()
        self.config = config
        self.unembedding = nn.Linear(config.d_model, config.vocab_size, bias=False)
        initialise(self)
        self.encoder = Encoder(config)
        if config.is_tied:
            self.unembedding.weight = self.encoder.embedding.weight

    def forward(
        self, ids: Int[Tensor, "B T"], is_real: Bool[Tensor, "B T"] | None = None
    ) -> Float[Tensor, "B T V"]:
        return self.unembedding(self.encoder(ids, is_real))


def look_around(
    ids: Int[Tensor, "B T"],
    positions: Positions,
    *,
    config: Config,
    is_real: Bool[Tensor, "B T"] | None = None,
) -> tuple[Int[Tensor, "T"], View]:
    """The places of a text, and a view of all that is real in it."""
    places = torch.arange(ids.shape[1], device=ids.device)
    return places, View(
        None if is_real is None else is_real[:, None, None],  # [B, 1, 1, T]: the same for all
        bias=positions.bias(places, places, n_heads=config.n_heads),
        rotation=positions.rotation(places, config.d_head),
    )
