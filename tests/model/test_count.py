"""The formulas against the module itself, and against torch's own counter."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from afterword.model import attention
from afterword.model.count import (
    backward_flops,
    cache_bytes,
    forward_flops,
    parameters,
    training_bytes,
)
from afterword.model.gpt import GPT
from afterword.model.presets import gpt2, llama, qwen3, smollm2
from tests.model.models import CONFIGS, random_ids

every_config = pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS.keys())


def counted(model):
    """The parameters of a module, sorted by their names into the parts of ``parameters``."""
    parts = dict.fromkeys(parameters(model.config), 0)
    for name, weight in model.named_parameters():
        pieces = name.split(".")
        part = next(
            (p for p in pieces if "norm" in p), pieces[2] if "blocks" in name else pieces[0]
        )
        parts["norms" if "norm" in part else part] += weight.numel()
    return parts


@every_config
def test_parameters_are_those_of_the_module_part_by_part(config):
    assert counted(GPT(config)) == parameters(config)


@pytest.mark.parametrize(
    ("config", "millions"),
    [(gpt2(), 124.439808), (llama(), 6738.415616), (smollm2(), 134.515008), (qwen3(), 596.04992)],
)
def test_the_known_models_have_their_known_sizes(config, millions):
    """As Hugging Face counts them; the module is made on the meta device, without memory."""
    assert sum(parameters(config).values()) == round(millions * 1e6)
    with torch.device("meta"):
        assert counted(GPT(config)) == parameters(config)


@every_config
def test_flops_are_those_that_torch_counts(monkeypatch, config):
    monkeypatch.setattr(attention, "fused_is_faster", lambda q, k: False)
    model, ids = GPT(config), random_ids(3, 10)
    with FlopCounterMode(display=False) as counter:
        loss = model(ids).sum()
    wanted = {part: 30 * n for part, n in forward_flops(config, n_positions=10).items()}
    assert counter.get_total_flops() == sum(wanted.values())
    by_module = {name: sum(ops.values()) for name, ops in counter.get_flop_counts().items()}
    assert by_module["GPT.unembedding"] == wanted["unembedding"]
    of_mlps = sum(n for name, n in by_module.items() if name.endswith(".mlp"))
    assert of_mlps == wanted["mlp"]
    with FlopCounterMode(display=False) as counter:
        loss.backward()
    back = backward_flops(config, n_positions=10)
    assert counter.get_total_flops() == 30 * sum(back.values())


@every_config
def test_memory_is_what_the_tensors_take(config):
    model, wanted = GPT(config), training_bytes(config)
    optimizer = torch.optim.AdamW(model.parameters())
    model(random_ids(2, 5)).sum().backward()
    optimizer.step()
    held = lambda tensors: sum(t.nbytes for t in tensors)  # noqa: E731
    assert held(model.parameters()) == wanted["weights"]
    assert held(p.grad for p in model.parameters()) == wanted["gradients"]
    states = [t for s in optimizer.state.values() for name, t in s.items() if name != "step"]
    assert held(states) == wanted["AdamW"]
    cache = model.new_cache()
    model(random_ids(2, 5), cache)
    kept = [t for layer in cache.layers for t in (layer.keys, layer.values)]
    assert held(kept) == 2 * 5 * cache_bytes(config)
    assert cache_bytes(config, bytes_per_number=2) == cache_bytes(config) // 2
