"""A model as scripts: what they hold is the model, to the last bit of what a page can hold.

tests/book/test_writer.py runs them in a browser.
"""

import base64
import gzip
import json
import re

import hypothesis.strategies as st
import pytest
import torch
from hypothesis import given, settings

from afterword.evaluation.likelihood import mean_loss
from afterword.interop.pages import PART, page_model, rounded, whole_numbers
from afterword.interop.writers import load_writer
from afterword.model.gpt import GPT
from afterword.model.presets import small, swift
from afterword.text.batches import split_documents
from afterword.text.bpe import BPETokenizer
from afterword.text.bytes import ByteTokenizer
from afterword.text.characters import CharTokenizer
from afterword.text.corpora import join, load

TINY = dict(vocab_size=3, context_length=8, d_model=8, n_layers=1, n_heads=2)
NEO = CharTokenizer("neo")


def tiny(**changes) -> GPT:
    torch.manual_seed(0)
    return GPT(swift(**TINY | changes))


def read(scripts):
    """What start.js says, and all bytes of the parts."""
    said = json.loads(re.search(r'models\["\w+"\] = ({.*});', scripts["start.js"])[1])
    parts = [re.fullmatch(r'.*\[(\d+)\] = "(.*)";\n', scripts[file]) for file in said["files"]]
    assert [int(part[1]) for part in parts] == list(range(len(parts)))
    return said, b"".join(base64.b64decode(part[2]) for part in parts)


def test_the_scripts_hold_config_tokenizer_and_every_weight():
    model = tiny()
    said, content = read(page_model("neo", model, NEO, precision="int8").scripts)
    assert said["tokenizer"] == {"type": "characters", "alphabet": "eno"}
    assert (said["config"]["d_ff"], said["config"]["mlp"]) == (32, "ReLUSquared")
    assert {row["name"]: tuple(row["shape"]) for row in said["weights"]} == {
        name: tuple(weight.shape) for name, weight in model.state_dict().items()
    }
    n_int8 = sum(w.numel() + 4 * len(w) for w in model.parameters() if w.dim() == 2)
    assert len(content) == n_int8 + 4 * sum(w.numel() for w in model.parameters() if w.dim() == 1)


def test_what_is_tied_comes_once():
    said, _ = read(page_model("neo", tiny(is_tied=True), NEO).scripts)
    assert "unembedding.weight" not in [row["name"] for row in said["weights"]]


def test_parts_are_of_one_size_and_named_after_what_they_hold():
    one, other = page_model("neo", tiny(d_model=160), NEO), page_model("neo", tiny(), NEO)
    assert one.n_parts == 4
    sizes = [len(script) for file, script in one.scripts.items() if file != "start.js"]
    assert sizes[0] == sizes[1] == sizes[2] == pytest.approx(PART * 4 / 3, abs=100)
    assert not set(one.scripts) & set(other.scripts) - {"start.js"}
    assert one.scripts == page_model("neo", tiny(d_model=160), NEO).scripts


def test_a_folder_is_written_anew(tmp_path):
    (tmp_path / "neo").mkdir()
    (tmp_path / "neo/old-00.js").write_text("")
    page = page_model("neo", tiny(), NEO)
    page.write(tmp_path / "neo")
    written = {file.name: file.stat().st_size for file in (tmp_path / "neo").iterdir()}
    assert set(written) == set(page.scripts)
    assert sum(written.values()) == page.n_bytes


@given(st.integers(0, 2**31), st.floats(-12, 3))
@settings(max_examples=50, deadline=None)
def test_a_rounded_row_is_near_fits_fp16_and_is_not_rounded_twice(seed, power):
    rng = torch.Generator().manual_seed(seed)
    weight = torch.randn(5, 33, generator=rng) * 2.0**power
    whole, scales = whole_numbers(weight)
    near = whole * scales[:, None]
    assert whole.abs().max() <= 127
    # a step is at most 9/8 of a 127th of the largest, and rounding is off by half a step
    assert ((near - weight).abs() <= weight.abs().amax(-1, keepdim=True) * 9 / 8 / 127 / 1.99).all()
    assert torch.equal(near.half().float(), near)
    again, same = whole_numbers(near)
    assert torch.equal(again * same[:, None], near)


def test_a_row_of_zeros_stays_zero():
    whole, scales = whole_numbers(torch.zeros(2, 4))
    assert (whole * scales[:, None] == 0).all()


@pytest.mark.parametrize("precision", ["int8", "fp16"])
def test_what_the_page_computes_with_is_what_rounded_says(precision):
    model = tiny()
    same = rounded(model, precision)
    said, content = read(page_model("neo", model, NEO, precision=precision).scripts)
    assert (said, content) == read(page_model("neo", same, NEO, precision=precision).scripts)
    assert torch.equal(model.norm.weight, same.norm.weight)
    assert not torch.equal(model.embedding.weight, same.embedding.weight)
    assert torch.equal(tiny().embedding.weight, model.embedding.weight)


@pytest.fixture(scope="module")
def writer():
    return load_writer("writer")


@pytest.mark.slow
def test_one_byte_a_weight_costs_the_writer_less_than_a_hundredth_of_a_nat(writer):
    model, tokenizer = writer
    rng = torch.Generator().manual_seed(0)
    held_out = join(split_documents(load("shakespeare"), rng=rng)[1])
    known = "".join(c for c in held_out if c in tokenizer.alphabet)[:60_000]
    ids = torch.tensor(tokenizer.encode(known))
    loss, on_page = (mean_loss(m, ids, context_length=128) for m in (model, rounded(model, "int8")))
    assert abs(on_page - loss) < 0.01


def test_the_writer_weighs_what_a_picture_weighs(writer):
    page = page_model("writer", *writer)
    assert page.n_bytes < 3.4e6
    assert sum(len(gzip.compress(script.encode())) for script in page.scripts.values()) < 2.5e6
    assert page.n_bytes > 1.8 * page_model("writer", *writer, precision="int8").n_bytes


def test_the_page_has_the_very_weights_of_the_package(writer):
    model, _ = writer
    same = rounded(model)
    for one, other in zip(model.parameters(), same.parameters(), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("tokenizer", [NEO, ByteTokenizer()], ids=["characters", "bytes"])
def test_a_page_reads_characters_and_bytes(tokenizer):
    page_model("neo", tiny(vocab_size=tokenizer.vocab_size), tokenizer)


def test_what_a_page_cannot_do_is_refused():
    with pytest.raises(ValueError, match="a page reads characters or bytes, not the tokens of a B"):
        page_model("neo", tiny(vocab_size=256), BPETokenizer.train("neo", vocab_size=256))
    with pytest.raises(ValueError, match="the tokenizer has 3 tokens, the model 4; take both"):
        page_model("neo", GPT(small(**TINY | dict(vocab_size=4))), NEO)
    with pytest.raises(ValueError, match="the precision is one of fp16, int8, got 'int4'"):
        page_model("neo", tiny(), NEO, precision="int4")
    broken = tiny()
    torch.nn.init.constant_(broken.blocks[0].mlp.up.weight, torch.nan)
    with pytest.raises(ValueError, match=r"blocks.0.mlp.up.weight holds numbers .* fp16 cannot"):
        page_model("neo", broken, NEO)
