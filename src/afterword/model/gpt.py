"""The decoder: reads from left to right, and says at each position what may come next.

Axes   B batch   T positions   D d_model   V vocab_size
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from afterword.model.attention import View, causal_mask
from afterword.model.block import initialise
from afterword.model.cache import Cache
from afterword.model.config import Config
from afterword.model.positions import Positions


class GPT(nn.Module):
    """Embed the tokens, let every block add to the stream, and read off the next token.

    Ids that the vocabulary does not hold, and more tokens than there are learned positions, are
    a ``ValueError``. With a ``cache`` (from ``new_cache``) only new tokens need be given.

    >>> import torch
    >>> from afterword.model.presets import small
    >>> GPT(small(vocab_size=65))(torch.zeros(2, 7, dtype=torch.long)).shape
    torch.Size([2, 7, 65])

    Source: Radford and others 2019, Language models are unsupervised multitask learners.
    """

    def __init__(self, config: Config):
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocab_size, config.d_model)
        self.positions = config.positions.build(config)
        self.blocks = nn.ModuleList(config.block(config) for _ in range(config.n_layers))
        self.norm = config.norm(config.d_model, eps=config.norm_eps)
        self.unembedding = nn.Linear(config.d_model, config.vocab_size, bias=False)
        if config.is_tied:
            self.unembedding.weight = self.embedding.weight
        initialise(self)

    def forward(
        self, ids: Int[Tensor, "B T"], cache: Cache | None = None
    ) -> Float[Tensor, "B T V"]:
        check_ids(ids, vocab_size=self.config.vocab_size)
        places, view = look_back(ids, self.positions, config=self.config, cache=cache)
        return self.unembedding(self.hidden(ids, places, view, cache=cache))

    def hidden(
        self, ids: Int[Tensor, "B T"], places: Int[Tensor, "*B T"], view: View, *, cache=None
    ) -> Float[Tensor, "B T D"]:
        """What the unembedding reads: the stream after the last block, normed."""
        x = self.positions.add(self.embedding(ids), places)  # [B, T, D]
        for i, block in enumerate(self.blocks):
            x = block(x, view, cache=cache and cache.layers[i])
        return self.norm(x)

    def new_cache(self, n_pads: Int[Tensor, "B"] | None = None) -> Cache:
        """An empty cache for this model; ``n_pads`` from ``pad_left``."""
        return Cache(self.config.n_layers, n_pads)


def look_back(
    ids: Int[Tensor, "B T"], positions: Positions, *, config: Config, cache: Cache | None = None
) -> tuple[Int[Tensor, "*B T"], View]:
    """The places of new tokens, and a view of themselves and all that came before."""
    n_new = ids.shape[1]
    start = cache.length if cache else 0
    asked = torch.arange(start + n_new, device=ids.device)  # [S]
    n_pads = cache.n_pads if cache else None
    allowed = None
    if n_new > 1:  # the last token may see all there is
        allowed = causal_mask(n_new, len(asked), device=ids.device)
    if n_pads is not None:
        real = asked >= n_pads[:, None]  # [B, S]
        itself = asked == asked[start:, None]  # [T, S]: a pad must see something
        unpadded = real[:, None, None] | itself  # [B, 1, T, S]
        allowed = unpadded if allowed is None else allowed & unpadded
        asked = (asked - n_pads[:, None]).clamp(min=0)  # [B, S]
    places = asked[..., start:]
    bias = positions.bias(places, asked, n_heads=config.n_heads)
    is_causal = n_new == start + n_new and n_pads is None and bias is None and n_new > 1
    rotation = positions.rotation(places, config.d_head)
    return places, View(allowed, bias=bias, rotation=rotation, is_causal=is_causal)


def check_ids(ids: Int[Tensor, "B T"], *, vocab_size: int) -> None:
    """Raise ``ValueError`` unless there are ids and all lie in the vocabulary."""
    if ids.numel() == 0:
        raise ValueError("no ids came; give at least one token in each row")
    if torch.compiler.is_compiling():
        return  # a compiled graph cannot branch on what a tensor holds
    low, high = ids.aminmax()
    if low < 0 or high >= vocab_size:
        raise ValueError(
            f"ids run from {low} to {high}, but vocab_size {vocab_size} allows 0 to "
            f"{vocab_size - 1}; was the text encoded by another tokenizer?"
        )
