from itertools import islice, pairwise

import pytest
import torch

from afterword.sampling.generate import draw, stream, write
from afterword.text.ngrams import AddK, KneserNey


def test_a_token_is_drawn_as_often_as_its_probability_says(rng):
    """Chi-square with 3 degrees of freedom: above 21.1 only once in 10,000 seeds."""
    probs, n = torch.tensor([0.1, 0.2, 0.3, 0.4]), 40_000
    counts = draw(probs.log().expand(n, 4), rng).bincount(minlength=4)
    assert ((counts - n * probs) ** 2 / (n * probs)).sum() < 21.1


def test_an_impossible_token_is_never_drawn(rng):
    logits = torch.tensor([0.0, -torch.inf, 0.0]).expand(5000, 3)
    assert 1 not in draw(logits, rng)


def test_a_stream_follows_the_model_and_not_its_own_prompt(rng):
    """The next number is always one more: wherever it starts, it must count on."""
    model = lambda ids: torch.nn.functional.one_hot((ids + 1) % 10, 10).float() * 1e4  # noqa: E731
    rows = stream(model, torch.tensor([[1, 3], [5, 8]]), context_length=2, rng=rng)
    assert torch.stack(list(islice(rows, 4)), dim=1).tolist() == [[4, 5, 6, 7], [9, 0, 1, 2]]


def test_the_model_is_shown_no_more_than_context_length(rng):
    shown = []

    def model(ids):
        shown.append(ids.shape[1])
        return torch.zeros(*ids.shape, 3)

    list(islice(stream(model, torch.zeros(1, 1).long(), context_length=3, rng=rng), 6))
    assert shown == [1, 2, 3, 3, 3, 3]


def test_an_n_gram_model_writes_only_what_it_saw(rng):
    ids = torch.tensor([0, 1, 2, 0, 1, 3] * 5)
    model = AddK(ids, order=2, vocab_size=4, k=0)
    written = [0] + [int(t) for t in islice(_stream(model, rng), 200)]
    assert set(pairwise(written)) <= {
        (0, 1),
        (1, 2),
        (1, 3),
        (2, 0),
        (3, 0),
    }


def _stream(model, rng):
    return stream(model, torch.tensor([[0]]), context_length=model.context_length, rng=rng)


def test_the_same_seed_writes_the_same_text():
    class Letters:
        def encode(self, text):
            return [ord(c) - 97 for c in text]

        def decode(self, ids):
            return "".join(chr(97 + i) for i in ids)

    model = KneserNey(torch.tensor([0, 1, 2, 1, 0, 2, 2, 1] * 9), order=3, vocab_size=26)

    def text(seed):
        rng = torch.Generator().manual_seed(seed)
        return write(model, Letters(), "abc", n_tokens=40, context_length=2, rng=rng)

    assert text(1) == text(1) != text(2)
    assert text(1).startswith("abc")
    assert len(text(1)) == 43


def test_an_empty_prompt_is_refused(rng):
    with pytest.raises(ValueError, match="give a prompt of at least one token"):
        next(stream(lambda ids: ids, torch.zeros(1, 0).long(), context_length=2, rng=rng))
