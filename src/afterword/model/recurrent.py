"""Models from before attention: they carry one state from word to word, and nothing else.

Axes   B batch   T positions   D d_model   V vocab_size
"""

from collections.abc import Callable
from dataclasses import dataclass, fields

from jaxtyping import Float, Int
from torch import Tensor, nn

from afterword.model.gpt import check_ids


@dataclass(frozen=True, kw_only=True)
class RecurrentConfig:
    """``cell`` is torch's ``nn.RNN``, ``nn.GRU`` or ``nn.LSTM``."""

    vocab_size: int
    d_model: int
    n_layers: int
    cell: Callable[..., nn.Module]

    def __post_init__(self):
        for field in fields(self)[:3]:
            if getattr(self, field.name) < 1:
                size = getattr(self, field.name)
                raise ValueError(f"{field.name} must be at least 1, got {size}")


class RecurrentCache:
    """The state after the tokens read so far: all that a recurrent model remembers."""

    def __init__(self):
        self.state: Tensor | tuple[Tensor, Tensor] | None = None  # two for LSTM
        self.length = 0


class RecurrentLM(nn.Module):
    """Embed the tokens, let the state take them in one by one, and read off the next token.

    Called as ``GPT`` is, with a ``cache`` too; only unequal prompts cannot be padded, since a
    state would remember the pads. First weights are torch's.

    >>> import torch
    >>> config = RecurrentConfig(vocab_size=65, d_model=32, n_layers=1, cell=nn.LSTM)
    >>> RecurrentLM(config)(torch.zeros(2, 7, dtype=torch.long)).shape
    torch.Size([2, 7, 65])

    Source: Elman 1990 (RNN); Hochreiter and Schmidhuber 1997 (LSTM); arXiv:1406.1078 (GRU).
    """

    def __init__(self, config: RecurrentConfig):
        super().__init__()
        self.config = config
        d_model = config.d_model
        self.embedding = nn.Embedding(config.vocab_size, d_model)
        self.cell = config.cell(d_model, d_model, num_layers=config.n_layers, batch_first=True)
        self.unembedding = nn.Linear(d_model, config.vocab_size)

    def forward(
        self, ids: Int[Tensor, "B T"], cache: RecurrentCache | None = None
    ) -> Float[Tensor, "B T V"]:
        check_ids(ids, vocab_size=self.config.vocab_size)
        x, state = self.cell(self.embedding(ids), cache and cache.state)  # [B, T, D]
        if cache is not None:
            cache.state, cache.length = state, cache.length + ids.shape[1]
        return self.unembedding(x)

    def new_cache(self) -> RecurrentCache:
        return RecurrentCache()
