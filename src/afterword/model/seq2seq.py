"""Encoder and decoder: one text is read whole, another is written while looking at it.

Axes   B batch   S positions of the source   T positions written   D d_model   V vocab_size
"""

from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from afterword.model.attention import EVERYTHING, View
from afterword.model.block import initialise, with_memory
from afterword.model.cache import Cache
from afterword.model.config import Config
from afterword.model.encoder import Encoder
from afterword.model.gpt import check_ids, look_back


class Seq2Seq(nn.Module):
    """The first Transformer: an encoder, and a decoder whose blocks also look at what it read.

    Both share the embedding. To write, encode once: ``memory = model.encoder(source)``, then
    ``model.decode(new_ids, memory, cache=cache)``. ``is_real`` is False at pads of the source.

    >>> import torch
    >>> from afterword.model.presets import small
    >>> model, source = Seq2Seq(small(vocab_size=65)), torch.zeros(2, 9, dtype=torch.long)
    >>> model(source, source[:, :4]).shape
    torch.Size([2, 4, 65])

    Source: arXiv:1706.03762.
    """

    def __init__(self, config: Config):
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocab_size, config.d_model)
        self.positions = config.positions.build(config)
        self.blocks = nn.ModuleList(with_memory(config) for _ in range(config.n_layers))
        self.norm = config.norm(config.d_model, eps=config.norm_eps)
        self.unembedding = nn.Linear(config.d_model, config.vocab_size, bias=False)
        if config.is_tied:
            self.unembedding.weight = self.embedding.weight
        initialise(self)
        self.encoder = Encoder(config)  # has begun by itself
        self.encoder.embedding = self.embedding

    def forward(
        self,
        source: Int[Tensor, "B S"],
        ids: Int[Tensor, "B T"],
        *,
        is_real: Bool[Tensor, "B S"] | None = None,
    ) -> Float[Tensor, "B T V"]:
        return self.decode(ids, self.encoder(source, is_real), is_real=is_real)

    def decode(
        self,
        ids: Int[Tensor, "B T"],
        memory: Float[Tensor, "B S D"],
        *,
        is_real: Bool[Tensor, "B S"] | None = None,
        cache: Cache | None = None,
    ) -> Float[Tensor, "B T V"]:
        """Logits of what comes after each of ``ids``, given the source as the encoder read it."""
        check_ids(ids, vocab_size=self.config.vocab_size)
        places, view = look_back(ids, self.positions, config=self.config, cache=cache)
        source_view = EVERYTHING if is_real is None else View(is_real[:, None, None])
        x = self.positions.add(self.embedding(ids), places)
        for i, block in enumerate(self.blocks):
            layer = cache and cache.layers[i]
            x = block(x, view, memory=memory, memory_view=source_view, cache=layer)
        return self.unembedding(self.norm(x))

    def new_cache(self, n_pads: Int[Tensor, "B"] | None = None) -> Cache:
        """An empty cache for the decoder; ``n_pads`` from ``pad_left``."""
        return Cache(self.config.n_layers, n_pads)
