import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from afterword.text.batches import random_batches, split_documents, windows
from afterword.text.corpora import Document


@given(seed=st.integers(0, 2**31), share=st.floats(0.05, 0.6), n=st.integers(12, 40))
def test_a_document_is_on_one_side_and_only_there(seed, share, n):
    documents = [Document(str(i), f"{i}." * (1 + i % 3)) for i in range(n)]
    rng = torch.Generator().manual_seed(seed)
    try:
        train, validation = split_documents(documents, share=share, rng=rng)
    except ValueError:
        return  # nothing fitted: said, not hidden
    assert sorted(train + validation, key=lambda d: int(d.title)) == documents
    assert not {d.text for d in train} & {d.text for d in validation}
    size = sum(len(d.text) for d in documents)
    assert sum(len(d.text) for d in validation) <= share * size


def test_the_split_follows_the_seed():
    documents = [f"play {i}" for i in range(30)]
    split = [split_documents(documents, rng=torch.Generator().manual_seed(s)) for s in (0, 0, 1)]
    assert split[0] == split[1] != split[2]


@pytest.mark.parametrize(
    ("documents", "share", "message"),
    [
        (["a", "b", "a"], 0.5, "document 2 is there twice"),
        (["a", "b"], 0.0, "share must lie between 0 and 1"),
        (["long text", "long tale"], 0.1, "none of 2 documents fits into 10%"),
        ([], 0.1, "none of 0 documents"),
    ],
)
def test_a_split_that_cannot_be_says_why(documents, share, message, rng):
    with pytest.raises(ValueError, match=message):
        split_documents(documents, share=share, rng=rng)


@given(n_ids=st.integers(2, 200), context_length=st.integers(1, 50))
def test_windows_hold_each_target_once_and_one_step_ahead(n_ids, context_length):
    if n_ids <= context_length:
        return
    inputs, targets = windows(torch.arange(n_ids), context_length=context_length)
    torch.testing.assert_close(targets, inputs + 1)
    assert targets.flatten().tolist() == list(range(1, targets.numel() + 1))
    assert n_ids - 1 - targets.numel() < context_length, "less than a window is left over"


def test_random_windows_cover_every_place_and_never_leave_the_text(rng):
    ids = torch.arange(20)
    batches = random_batches(ids, context_length=4, batch_size=8, rng=rng)
    starts = set()
    for _ in range(200):
        inputs, targets = next(batches)
        torch.testing.assert_close(targets, inputs + 1)
        assert inputs.shape == (8, 4)
        starts.update(inputs[:, 0].tolist())
    assert starts == set(range(16)), "16 windows of 4 + 1 ids fit into 20"


def test_a_training_batch_never_holds_a_piece_of_the_validation_text(rng):
    """Each document has a token of its own, so that a leak would show as a foreign token."""
    documents = [chr(65 + i) * 50 for i in range(20)]
    train, validation = split_documents(documents, share=0.3, rng=rng)
    ids = torch.tensor([ord(c) for c in "".join(train)])
    held_out = {ord(text[0]) for text in validation}
    batches = random_batches(ids, context_length=30, batch_size=16, rng=rng)
    for _ in range(50):
        inputs, targets = next(batches)
        assert not held_out & set(torch.cat([inputs, targets]).flatten().tolist())


def test_the_same_seed_gives_the_same_batches():
    def first(seed):
        rng = torch.Generator().manual_seed(seed)
        return next(random_batches(torch.arange(99), context_length=5, batch_size=4, rng=rng))[0]

    assert torch.equal(first(3), first(3))
    assert not torch.equal(first(3), first(4))


@pytest.mark.parametrize(
    ("n_ids", "context_length", "message"),
    [
        (5, 5, "needs 6 tokens, the text has 5"),
        (0, 1, "the text has 0"),
        (5, 0, "context_length must be at least 1"),
    ],
)
def test_a_context_longer_than_the_text_is_refused(n_ids, context_length, message, rng):
    ids = torch.arange(n_ids)
    batches = random_batches(ids, context_length=context_length, batch_size=2, rng=rng)
    with pytest.raises(ValueError, match=message):
        next(batches)
    with pytest.raises(ValueError, match=message):
        windows(ids, context_length=context_length)


def test_an_empty_batch_is_refused(rng):
    with pytest.raises(ValueError, match="batch_size must be at least 1, got 0"):
        next(random_batches(torch.arange(9), context_length=2, batch_size=0, rng=rng))
