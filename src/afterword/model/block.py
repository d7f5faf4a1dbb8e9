"""One layer of a Transformer: look around, then think it over, each added to what was there.

Axes   B batch   T positions asking   S positions asked   D d_model
"""

import math

from jaxtyping import Float
from torch import Tensor, nn

from afterword.model.attention import EVERYTHING, MultiHeadAttention, View
from afterword.model.config import Config
from afterword.model.layers import MLP


class Block(nn.Module):
    """Attention and MLP, each reading a normed copy of the residual stream and adding to it."""

    def __init__(self, config: Config):
        super().__init__()
        self.attention_norm = config.norm(config.d_model, eps=config.norm_eps)
        self.attention = MultiHeadAttention(config)
        self.mlp_norm = config.norm(config.d_model, eps=config.norm_eps)
        self.mlp = config.mlp(config)

    def forward(
        self, x: Float[Tensor, "B T D"], view: View = EVERYTHING, *, cache=None
    ) -> Float[Tensor, "B T D"]:
        x = x + self.attention(self.attention_norm(x), view, cache=cache)
        return x + self.mlp(self.mlp_norm(x))


class DropoutBlock(Block):
    """The same, leaving out by chance a share ``dropout`` of what is added, while it trains.

    What stays is divided by ``1 - dropout``, so that the sum is the same on average. After
    ``model.eval()`` nothing is left out. Draws from torch's global seed, as torch's layer does.

    Source: Srivastava and others 2014, Dropout: a simple way to prevent neural networks from
    overfitting.
    """

    drops = True

    def __init__(self, config: Config):
        super().__init__(config)
        self.dropout = nn.Dropout(config.dropout)

    def forward(
        self, x: Float[Tensor, "B T D"], view: View = EVERYTHING, *, cache=None
    ) -> Float[Tensor, "B T D"]:
        x = x + self.dropout(self.attention(self.attention_norm(x), view, cache=cache))
        return x + self.dropout(self.mlp(self.mlp_norm(x)))


class PostNormBlock(Block):
    """The same with the norm on the stream itself, after each sum, as in the first Transformer.

    Source: arXiv:1706.03762; compared with the other in arXiv:2002.04745.
    """

    def forward(
        self, x: Float[Tensor, "B T D"], view: View = EVERYTHING, *, cache=None
    ) -> Float[Tensor, "B T D"]:
        x = self.attention_norm(x + self.attention(x, view, cache=cache))
        return self.mlp_norm(x + self.mlp(x))


class CrossBlock(Block):
    """A block that also looks at another text, its ``memory``, between the two."""

    def __init__(self, config: Config):
        super().__init__(config)
        self.cross_norm = config.norm(config.d_model, eps=config.norm_eps)
        self.cross_attention = MultiHeadAttention(config)

    def forward(
        self,
        x: Float[Tensor, "B T D"],
        view: View = EVERYTHING,
        *,
        memory: Float[Tensor, "B S D"],
        memory_view: View = EVERYTHING,
        cache=None,
    ) -> Float[Tensor, "B T D"]:
        x = x + self.attention(self.attention_norm(x), view, cache=cache)
        x = x + self.cross_attention(self.cross_norm(x), memory_view, memory=memory)
        return x + self.mlp(self.mlp_norm(x))


class PostNormCrossBlock(CrossBlock):
    """The same with the norm on the stream itself, after each sum."""

    def forward(
        self,
        x: Float[Tensor, "B T D"],
        view: View = EVERYTHING,
        *,
        memory: Float[Tensor, "B S D"],
        memory_view: View = EVERYTHING,
        cache=None,
    ) -> Float[Tensor, "B T D"]:
        x = self.attention_norm(x + self.attention(x, view, cache=cache))
        x = self.cross_norm(x + self.cross_attention(x, memory_view, memory=memory))
        return self.mlp_norm(x + self.mlp(x))


def with_memory(config: Config) -> CrossBlock:
    """The block of a decoder that goes with ``config.block``."""
    counterparts = {Block: CrossBlock, PostNormBlock: PostNormCrossBlock}
    if config.block not in counterparts:
        raise ValueError(
            f"no block with memory goes with {config.block.__name__}; give Block or PostNormBlock"
        )
    return counterparts[config.block](config)


def initialise(model: nn.Module, *, std: float = 0.02) -> None:
    """First weights as GPT-2's: normal with deviation ``std``, biases 0, norms as they are.

    What is added to the residual stream starts smaller, by the root of the number of such sums,
    so that the stream does not grow with depth. Draws from torch's global seed, as torch's own
    layers do.
    """
    for layer in model.modules():
        if isinstance(layer, nn.Linear | nn.Embedding):
            nn.init.normal_(layer.weight, std=std)
        if isinstance(layer, nn.Linear) and layer.bias is not None:
            nn.init.zeros_(layer.bias)
    parts = list(model.modules())
    sums = [part.output for part in parts if isinstance(part, MultiHeadAttention)]
    sums += [part.down for part in parts if isinstance(part, MLP)]
    for layer in sums:
        nn.init.normal_(layer.weight, std=std / math.sqrt(len(sums)))


def start_at_zero(model: nn.Module) -> None:
    """First weights for Muon: each half of a block adds nothing yet, and no token is preferred.

    The matrices that write to the residual stream, and the unembedding, are 0; those that read
    from it are normal with deviation ``1 / √n_inputs``. The loss begins at exactly ln V.

    Source: arXiv:2203.03466, for what reads out; arXiv:2110.12661, for what is added.
    """
    for name, layer in model.named_modules():
        if isinstance(layer, nn.Linear):
            if name.split(".")[-1] in ("output", "down", "unembedding"):
                nn.init.zeros_(layer.weight)
            else:
                nn.init.normal_(layer.weight, std=layer.in_features**-0.5)
