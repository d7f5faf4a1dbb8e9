"""Models, ids and tolerances that these tests share; the weights of torch's layers, renamed."""

import torch
from torch import nn

from afterword.model.block import PostNormBlock
from afterword.model.gpt import GPT
from afterword.model.layers import GELU, ReLU
from afterword.model.positions import ALiBi, NoPositions, Rotary, Sinusoidal
from afterword.model.presets import gpt2, llama, qwen3, small, swift

TINY = dict(vocab_size=23, context_length=16, d_model=16, n_layers=2, n_heads=4)
CONFIGS = {
    "gpt2": gpt2(**TINY),
    "llama": llama(**TINY, n_kv_heads=2, d_ff=24),
    "qwen3": qwen3(**TINY, n_kv_heads=2, d_head=6, d_ff=24),
    "small": small(**TINY),
    "swift": swift(**TINY),
    "post-norm, waves": gpt2(**TINY, block=PostNormBlock, positions=Sinusoidal(), mlp=ReLU),
    "ALiBi": small(**TINY, positions=ALiBi(), mlp=GELU, n_kv_heads=1),
    "part rotary": small(**TINY, positions=Rotary(share=0.5)),
    "no positions": small(**TINY, positions=NoPositions()),
}
# fp32 through two layers, logits of size 1 to 10: the order of summing shows in the sixth digit
CLOSE = dict(rtol=1e-5, atol=1e-5)
# fp64 through a few layers: the same, eight digits further down
EXACT = dict(rtol=1e-9, atol=1e-11)


def lively(config, model=GPT) -> nn.Module:
    """Weights ten times the usual, so that attention is far from uniform and a slip would show."""
    torch.manual_seed(0)
    model = model(config).eval()
    with torch.no_grad():
        for weight in model.parameters():
            weight.copy_(
                10 * weight if weight.dim() > 1 else weight + torch.randn_like(weight) / 10
            )
    return model


def random_ids(*shape, seed=0):
    return torch.randint(23, shape, generator=torch.Generator().manual_seed(seed))


def shake(module: nn.Module) -> nn.Module:
    """No weight at a special value, such as a bias at 0 or a norm at 1."""
    with torch.no_grad():
        for weight in module.parameters():
            weight += 0.2 * torch.randn_like(weight)
    return module


def renamed(state: dict, names: dict) -> dict:
    """Weights, or their gradients, with parts of their names exchanged."""
    result = {}
    for name, weight in state.items():
        for theirs, ours in names.items():
            name = name.replace(theirs, ours)
        result[name] = weight
    return result


TORCH_ENCODER = {
    "linear1": "mlp.up",
    "linear2": "mlp.down",
    "norm1": "attention_norm",
    "norm2": "mlp_norm",
}
TORCH_DECODER = TORCH_ENCODER | {
    "multihead_attn": "cross_attention",
    "norm2": "cross_norm",
    "norm3": "mlp_norm",
}


def from_torch(state: dict, names: dict) -> dict:
    """torch keeps query, key and value in one matrix; cut it up and rename."""
    result = {}
    for name, weight in renamed(state, names | {"self_attn": "attention"}).items():
        if "in_proj_" in name:
            for part, piece in zip(("query", "key", "value"), weight.chunk(3), strict=True):
                result[name.replace("in_proj_", f"{part}.")] = piece
        else:
            result[name.replace("out_proj", "output")] = weight
    return result


def assert_same_gradients(ours: nn.Module, theirs: nn.Module, rename, **close) -> None:
    """Every parameter's gradient, after both were run backward."""
    wanted = rename({name: weight.grad for name, weight in theirs.named_parameters()})
    found = {name: weight.grad for name, weight in ours.named_parameters()}
    assert found.keys() == wanted.keys()
    for name, gradient in found.items():
        torch.testing.assert_close(
            gradient, wanted[name], msg=lambda m, n=name: f"{n}: {m}", **close
        )
