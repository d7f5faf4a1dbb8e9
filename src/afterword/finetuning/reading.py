"""A decoder read in other ways: for its vectors instead of its logits, and for texts side by side.

Both share the decoder's weights, and are given their inputs by name, as batches of several have
them.

Axes   B batch   T positions   D d_model   V vocab_size
"""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from afterword.model.attention import View, causal_mask
from afterword.model.config import Config
from afterword.model.gpt import GPT, check_ids, look_back
from afterword.model.positions import Positions


class Body(nn.Module):
    """A decoder without its unembedding: a vector for each position and what came before it.

    ``is_real`` may be left out: pads stand at the end of a row, where nobody before them looks.
    """

    def __init__(self, model: GPT):
        super().__init__()
        self.model = model

    def forward(
        self, ids: Int[Tensor, "B T"], is_real: Bool[Tensor, "B T"] | None = None
    ) -> Float[Tensor, "B T D"]:
        check_ids(ids, vocab_size=self.model.config.vocab_size)
        places, view = look_back(ids, self.model.positions, config=self.model.config)
        return self.model.hidden(ids, places, view)


class Apart(nn.Module):
    """A decoder that reads rows of several texts, each text as if it stood alone.

    ``texts`` numbers the text that each token belongs to; neighbours with one number are one
    text. A token sees what came before it in its own, and its place is counted from there.
    """

    def __init__(self, model: GPT):
        super().__init__()
        self.model = model

    def forward(self, ids: Int[Tensor, "B T"], texts: Int[Tensor, "B T"]) -> Float[Tensor, "B T V"]:
        check_ids(ids, vocab_size=self.model.config.vocab_size)
        places, view = look_apart(texts, self.model.positions, config=self.model.config)
        return self.model.unembedding(self.model.hidden(ids, places, view))


def look_apart(
    texts: Int[Tensor, "B T"], positions: Positions, *, config: Config
) -> tuple[Int[Tensor, "B T"], View]:
    """The places of tokens, each counted in its own text, and a view of no other text.

    >>> from afterword.model.presets import small
    >>> config = small(vocab_size=5)
    >>> look_apart(torch.tensor([[7, 7, 7, 2, 2]]), config.positions, config=config)[0].tolist()
    [[0, 1, 2, 0, 1]]
    """
    index = torch.arange(texts.shape[1], device=texts.device)
    begins = torch.ones_like(texts, dtype=torch.bool)
    begins[:, 1:] = texts[:, 1:] != texts[:, :-1]
    start = torch.where(begins, index, 0).cummax(dim=1).values  # [B, T]
    is_same = start[:, :, None] == start[:, None]  # [B, T, T]
    allowed = is_same & causal_mask(len(index), len(index), device=texts.device)
    places = index - start
    bias = positions.bias(places, places, n_heads=config.n_heads)
    rotation = positions.rotation(places, config.d_head)
    return places, View(allowed[:, None], bias=bias, rotation=rotation)
