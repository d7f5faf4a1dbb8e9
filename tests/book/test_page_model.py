"""The model in the page, in a real browser with the network cut: it says what Python says.

Model, filters and tokenizers in JavaScript, held against the package part by part;
tests/book/test_writer.py is the form around them.
"""

import re

import pytest
import torch

from afterword.interop import writers
from afterword.interop.live import Settings
from afterword.interop.pages import page_model, rounded
from afterword.interop.writers import load_writer
from afterword.model import block, layers
from afterword.model.layers import RMSNorm, SwiGLU
from afterword.model.positions import ALiBi, Rotary
from afterword.model.presets import gpt2, llama, qwen3, small, swift
from afterword.sampling.reader import Reader
from afterword.text.bytes import ByteTokenizer
from afterword.text.characters import CharTokenizer
from book.tools import look
from tests.model.models import lively

pytestmark = pytest.mark.slow

TINY = dict(vocab_size=23, context_length=16, d_model=16, n_layers=2, n_heads=4)
ALPHABET = CharTokenizer("abcdefghijklmnopqrstuvw")
VARIANTS = {
    "gpt2": gpt2(**TINY),
    "llama": llama(**TINY, n_kv_heads=2, d_ff=24),
    "qwen3": qwen3(**TINY, n_kv_heads=2, d_head=6, d_ff=24),
    "small": small(**TINY),
    "one key/value head": swift(**TINY, n_kv_heads=1),
    "wider heads": swift(**TINY, d_head=7),
    "sizes that no four divide": swift(**TINY | dict(d_model=18, n_heads=3), d_ff=29, d_head=7),
    "biases": swift(**TINY, has_bias=True),
    "biases, gated": swift(**TINY, has_bias=True, mlp=SwiGLU),
    "tied": swift(**TINY, is_tied=True),
    "tied, biases, norms after": gpt2(**TINY, block=block.PostNormBlock),
    "half of a head turns": swift(**TINY, positions=Rotary(base=50.0, share=0.5)),
    "a tenth of a head turns": swift(**TINY, d_head=20, positions=Rotary(share=0.1)),
    "other slopes": swift(**TINY, positions=writers.SCHEMES["SteepALiBi"](first=1.0, ratio=2.0)),
    "slopes of three heads": swift(**TINY | dict(d_model=12, n_heads=3), positions=ALiBi()),
    "large waves": swift(**TINY, positions=writers.SCHEMES["Sinusoidal"](base=30.0, scale=2.0)),
    "norms with much added": swift(**TINY, norm=RMSNorm, qk_norm=RMSNorm, norm_eps=0.1),
}
# every part that a saved model can have: a new one that the page lacks is red here
NORMS = [layers.LayerNorm, layers.RMSNorm, torch.nn.Identity]
BLOCKS = [block.Block, block.DropoutBlock, block.PostNormBlock]
MLPS = layers.MLP.__subclasses__()
for field, parts in dict(norm=NORMS, qk_norm=NORMS, mlp=MLPS, block=BLOCKS).items():
    VARIANTS |= {f"{field} {part.__name__}": swift(**TINY, **{field: part}) for part in parts}
SCHEMES = {
    name: scheme
    for name, scheme in writers.SCHEMES.items()
    if name not in ("Positions", "PlaceTable")
}
VARIANTS |= {name: swift(**TINY, positions=scheme()) for name, scheme in SCHEMES.items()}

# The page computes in doubles and keeps fp32 between layers, Python computes in fp32 throughout;
# 1e-3 would do on a page, and the worst seen is 3e-7.
CLOSE = dict(rtol=0, atol=1e-5)


@pytest.fixture(scope="module")
def blank(chrome, tmp_path_factory):
    """A page with nothing but the code of the model."""
    file = tmp_path_factory.mktemp("blank") / "page.html"
    file.write_text('<!doctype html><html lang="en"><title>blank</title>', "utf8")
    page = look.visit(chrome, file.as_uri(), look.SIZES["phone"])
    yield page
    assert page.heard == []
    page.close()


def put(page, model, tokenizer, **given):
    """Load a model into the page, as ``opened``."""
    for script in page_model("tiny", model, tokenizer, **given).scripts.values():
        page.evaluate("script => { (0, eval)(script) }", script)
    page.evaluate("() => { window.opened = afterword.open(afterword.models.tiny) }")


def probs_along(page, ids, n_start=1):
    """The page's probabilities after the first ``n_start`` ids, and after each one more."""
    js = """([ids, n]) => {
        const {model} = opened, said = [model.start(ids.slice(0, n))];
        for (const id of ids.slice(n)) said.push(model.feed(id));
        return said.map((logits) => [...afterword.softmax(logits)]);
    }"""
    return torch.tensor(page.evaluate(js, [ids, n_start]))


def random_ids(n, seed=1):
    return torch.randint(23, (n,), generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("name", VARIANTS)
def test_every_kind_of_model_says_in_the_page_what_it_says_in_python(blank, name):
    model, ids = lively(VARIANTS[name]), random_ids(16)
    put(blank, model, ALPHABET)
    with torch.no_grad():
        wanted = rounded(model)(ids[None])[0].softmax(-1)
    torch.testing.assert_close(probs_along(blank, ids.tolist()), wanted, **CLOSE)
    assert wanted.std(0).mean() > 1e-3  # it looks at what came before


def test_int8_too(blank):
    model, ids = lively(swift(**TINY)), random_ids(16)
    put(blank, model, ALPHABET, precision="int8")
    with torch.no_grad():
        wanted = rounded(model, "int8")(ids[None])[0].softmax(-1)
    torch.testing.assert_close(probs_along(blank, ids.tolist()), wanted, **CLOSE)


@pytest.mark.parametrize("name", ["swift", "Learned", "Rotary"])
@pytest.mark.parametrize("n_start", [1, 16, 17, 40])
def test_past_the_context_it_jumps_as_python_does(blank, name, n_start):
    """Also where the beginning is longer than the context."""
    config = VARIANTS.get(name, swift(**TINY))
    model, ids = lively(config), random_ids(60)
    put(blank, model, ALPHABET)
    reader = Reader(rounded(model), ids[None, :n_start], context_length=16, beyond="jump")
    wanted = []
    for id in [*ids[n_start:], None]:
        with torch.no_grad():
            wanted.append(reader.logits()[0].softmax(-1))
        if id is not None:
            reader.add(id[None])
    torch.testing.assert_close(
        probs_along(blank, ids.tolist(), n_start), torch.stack(wanted), **CLOSE
    )


PROMPTS = ["ROMEO:", "To be, or not to be", "\n", "a", "ACT I. Scene II.\n", "Enter KING and"]
PROMPTS += ["My love is as a fever, longing still", "zzzz 123", "O " * 60, "What light?\n" * 12]


def test_the_writer_says_in_the_page_what_it_says_in_python_on_ten_prompts(blank):
    model, tokenizer = load_writer("writer")
    put(blank, model, tokenizer)
    for prompt in PROMPTS:
        ids = tokenizer.encode(prompt)
        reader = Reader(model, torch.tensor([ids]), context_length=128, beyond="jump")
        with torch.no_grad():
            wanted = reader.logits().softmax(-1)
        found = probs_along(blank, ids, len(ids))
        torch.testing.assert_close(found, wanted, **CLOSE, msg=lambda m, p=prompt: f"{p!r}: {m}")
        assert blank.evaluate("text => opened.encode(text)", prompt) == ids
        assert blank.evaluate("ids => opened.decode(ids)", ids) == prompt


def test_bytes_are_read_and_written_as_in_python(blank):
    put(blank, lively(swift(**TINY | dict(vocab_size=256))), ByteTokenizer())
    for text in ("né 你好\n", "€" * 3):
        ids = ByteTokenizer().encode(text)
        assert blank.evaluate("text => opened.encode(text)", text) == ids
        assert blank.evaluate("ids => opened.decode(ids)", ids) == text
        half = ids[: len(ids) - 1]
        assert blank.evaluate("ids => opened.decode(ids)", half) == ByteTokenizer().decode(half)
    assert blank.evaluate("opened.unknown('né')") == []


# ---- filters ----

# no p whose edge falls between equal tokens: there the last bit of a sum would decide
SETTINGS = [
    Settings(repetition=1.3),
    *(Settings(temperature=t) for t in (0.1, 0.7, 2.0)),
    *(Settings(top_k=k) for k in (1, 2, 7, 83, 84, 500)),
    *(Settings(top_p=p) for p in (0.05, 0.5, 0.9, 0.999)),
    *(Settings(min_p=p) for p in (0.01, 0.1, 0.5, 1.0)),
    Settings(temperature=0.8, top_k=20, top_p=0.91, min_p=0.02, repetition=1.2),
    Settings(temperature=1.7, top_k=50, top_p=0.61, repetition=2.0),
]


@pytest.mark.parametrize("given", SETTINGS, ids=str)
def test_the_page_keeps_the_tokens_that_python_keeps(blank, given):
    """On flat and peaked rows, with ties at every edge, and on rows partly dropped already."""
    rng = torch.Generator().manual_seed(0)
    rows = torch.cat([torch.randn(20, 84, generator=rng) * scale for scale in (0.3, 2, 8)])
    rows = torch.cat([rows, rows.round(), torch.zeros(1, 84), rows.where(rows > 0, -torch.inf)])
    ids = torch.randint(84, (30,), generator=rng)
    put(blank, lively(swift(**TINY)), ALPHABET)
    names = dict(top_k="topK", top_p="topP", min_p="minP")
    moved = {names.get(name, name): value for name, value in vars(given).items()}
    moved["topK"] = moved["topK"] or 84
    js = """([rows, ids, moved]) =>
        rows.map((row) => [...afterword.filtered(row, ids, moved)])"""
    found = torch.tensor(blank.evaluate(js, [rows.tolist(), ids.tolist(), moved]))
    wanted = given.filter()(rows, ids.expand(len(rows), -1))
    assert torch.equal(found.isfinite(), wanted.isfinite())
    torch.testing.assert_close(found, wanted, rtol=1e-6, atol=0)


def test_a_letter_is_drawn_as_often_as_it_is_probable(blank):
    """And one that was dropped never: 20,000 draws, chi-square far below what p = 1e-4 allows."""
    put(blank, lively(swift(**TINY)), ALPHABET)
    shares = torch.tensor([0.4, 0.3, 0.15, 0.1, 0.05])
    js = """(logits) => {
        const counts = [0, 0, 0, 0, 0, 0], random = afterword.chance(3);
        const given = Float32Array.from([...logits, -Infinity]);
        for (let i = 0; i < 20000; i++) counts[afterword.draw(given, random)]++;
        return counts;
    }"""
    *counts, dropped = blank.evaluate(js, shares.log().tolist())
    wanted = 20_000 * shares
    assert dropped == 0
    assert ((torch.tensor(counts) - wanted) ** 2 / wanted).sum() < 23.5  # 4 degrees of freedom


# ---- what it does not know is an error ----

STRANGE = {
    "config.mlp = 'Mish'": "this page knows no MLP called Mish",
    "config.norm = 'BatchNorm'": "this page knows no norm called BatchNorm",
    "config.block = 'toString'": "this page knows no block called toString",
    "config.positions = {kind: 'T5'}": "this page knows no position scheme called T5",
    "config.positions.window = 4": "this page does not know window, which SteepALiBi has",
    "delete config.positions.ratio": "SteepALiBi has no ratio",
    "config.window = 8": "this page does not know window, which the model's config has",
    "delete config.norm_eps": "the model's config has no norm_eps",
    "config.positions = {kind: 'Rotary', base: 10, share: 0.75}": "cannot turn a share of",
    "tokenizer.type = undefined": "cannot read text with a tokenizer of another kind",
    "weights[0].kind = 'int4'": "this page cannot read int4",
    "weights[0].name = 'other'": "the model has no weights called embedding.weight",
    "weights[0].shape.reverse()": "came|wanted|has",
    "weights.pop()": "bytes",
    "parts[0] = parts[0].slice(0, -8)": "bytes",
    "config.is_tied = true": "does not know the weights unembedding.weight",
    "config.has_bias = true": "no weights called blocks.0.attention.query.bias",
    "config.n_layers = 1": "does not know the weights blocks.1",
    "config.d_ff = 32": "wanted",
}


@pytest.mark.parametrize("change", STRANGE)
def test_what_the_page_does_not_know_is_an_error_and_never_another_answer(blank, change):
    put(blank, lively(swift(**TINY)), ALPHABET)
    js = f"""() => {{
        const given = structuredClone(afterword.models.tiny);
        const {{config, tokenizer, weights, parts}} = given;
        {change};
        try {{ afterword.open(given); return "none" }} catch (error) {{ return error.message }}
    }}"""
    assert re.search(STRANGE[change], blank.evaluate(js))


def test_no_text_and_no_such_token_are_errors(blank):
    put(blank, lively(swift(**TINY)), ALPHABET)
    js = "(ids) => { try { opened.model.start(ids) } catch (error) { return error.message } }"
    assert "nothing to continue" in blank.evaluate(js, [])
    assert "the model has no token 23" in blank.evaluate(js, [1, 23])
