"""The counted models against their formulas, worked out one n-gram at a time."""

import math
from collections import Counter, defaultdict

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from afterword.evaluation.likelihood import mean_loss
from afterword.text.ngrams import AddK, KneserNey, NGramModel, count_ngrams, discounts, floors

V = 4
texts = st.lists(st.integers(0, V - 1), min_size=6, max_size=60)


def grams(ids, n):
    return [tuple(ids[i : i + n]) for i in range(len(ids) - n + 1)]


def kneser_ney_by_hand(ids, order, history, token):
    """The formula of the docstring, from Counters and sets."""
    if order == 0:
        return 1 / V
    if len(history) < order - 1:  # the text has only begun
        return kneser_ney_by_hand(ids, order - 1, history, token)
    counts = Counter(grams(ids, order))
    longest = order == kneser_ney_by_hand.longest
    if not longest:
        left = defaultdict(set)
        for gram in grams(ids, order + 1):
            left[gram[1:]].add(gram[0])
        counts = Counter({gram: len(left[gram]) for gram in counts})
    history = history[len(history) - order + 1 :] if order > 1 else ()
    followers = {gram[-1]: c for gram, c in counts.items() if gram[:-1] == history and c > 0}
    shorter = kneser_ney_by_hand(ids, order - 1, history[1:], token)
    total = sum(followers.values())
    if not total:
        return shorter
    taken = discounts(torch.tensor(list(counts.values()))).tolist()
    freed = sum(taken[min(c, 3)] for c in followers.values())
    count = followers.get(token, 0)
    return (count - taken[min(count, 3)] + freed * shorter) / total


def test_discounts_follow_from_how_many_counts_there_are_of_each_size():
    """By pencil: n1, n2, n3, n4 = 4, 3, 2, 1, so Y = 4 / (4 + 6) = 0.4."""
    counts = torch.tensor([1] * 4 + [2] * 3 + [3] * 2 + [4] + [9])
    wanted = [0, 1 - 2 * 0.4 * 3 / 4, 2 - 3 * 0.4 * 2 / 3, 3 - 4 * 0.4 * 1 / 2]
    torch.testing.assert_close(discounts(counts), torch.tensor(wanted, dtype=torch.double))


@given(counts=st.lists(st.integers(0, 9), min_size=1, max_size=50))
def test_a_discount_is_never_more_than_the_count_it_is_taken_from(counts):
    taken = discounts(torch.tensor(counts)).tolist()
    assert all(0 <= taken[r] <= r for r in range(4))


@settings(max_examples=60, deadline=None)
@given(ids=texts, seen=st.lists(st.integers(0, V - 1), min_size=1, max_size=5))
def test_kneser_ney_is_the_formula_in_its_docstring(ids, seen):
    order = kneser_ney_by_hand.longest = 3
    model = KneserNey(torch.tensor(ids), order=order, vocab_size=V)
    by_hand = [
        [kneser_ney_by_hand(ids, order, tuple(seen[:end][-2:]), token) for token in range(V)]
        for end in range(1, len(seen) + 1)
    ]
    torch.testing.assert_close(model(torch.tensor([seen])).exp()[0], torch.tensor(by_hand))


@settings(max_examples=60, deadline=None)
@given(ids=texts, k=st.floats(0.01, 5), seen=st.lists(st.integers(0, V - 1), min_size=3))
def test_add_k_is_the_formula_in_its_docstring(ids, k, seen):
    model = AddK(torch.tensor(ids), order=3, vocab_size=V, k=k)
    followers = [gram[-1] for gram in grams(ids, 3) if gram[:-1] == tuple(seen[-2:])]
    wanted = [(followers.count(w) + k) / (len(followers) + k * V) for w in range(V)]
    torch.testing.assert_close(model(torch.tensor([seen]))[0, -1].exp(), torch.tensor(wanted))


@settings(max_examples=40, deadline=None)
@given(ids=texts, seen=texts, order=st.integers(1, 6), smoothing=st.sampled_from([AddK, KneserNey]))
def test_probabilities_add_up_to_one_after_any_history(ids, seen, order, smoothing):
    model = smoothing(torch.tensor(ids), order=order, vocab_size=V)
    total = model(torch.tensor([seen])).exp().sum(-1)
    torch.testing.assert_close(total, torch.ones(1, len(seen)))


@settings(max_examples=40, deadline=None)
@given(ids=texts, seen=texts, order=st.integers(1, 6), smoothing=st.sampled_from([AddK, KneserNey]))
def test_surprisal_is_what_forward_says_of_the_token_that_came(ids, seen, order, smoothing):
    model = smoothing(torch.tensor(ids), order=order, vocab_size=V)
    seen = torch.tensor(seen)
    said = -model(seen[None])[0, :-1].gather(-1, seen[1:, None]).squeeze(-1)
    torch.testing.assert_close(model.surprisal(seen).float(), said)


@settings(max_examples=30, deadline=None)
@given(ids=texts, order=st.integers(1, 5))
def test_a_count_is_how_often_the_text_holds_the_n_gram(ids, order):
    tables = count_ngrams(torch.tensor(ids), order=order, vocab_size=V)
    for n, table in enumerate(tables, start=1):
        assert sorted(table.counts.tolist()) == sorted(Counter(grams(ids, n)).values())


def test_the_count_of_contexts_and_not_of_sightings_decides_for_a_shorter_history():
    """1 is seen often but only after 0; 2 seldom, but after 0, 1 and 3. A new context: 2."""
    ids = torch.tensor([0, 1] * 10 + [0, 2, 1, 2, 3, 2])
    model = KneserNey(ids, order=2, vocab_size=5)
    after_something_new = model(torch.tensor([[4]]))[0, 0]
    assert after_something_new[2] > after_something_new[1]
    assert AddK(ids, order=1, vocab_size=5)(torch.tensor([[4]]))[0, 0].argmax() in (0, 1)


def test_rows_of_a_batch_do_not_touch_each_other(rng):
    ids = torch.randint(V, (200,), generator=rng)
    model = KneserNey(ids, order=4, vocab_size=V)
    batch = torch.randint(V, (5, 9), generator=rng)
    alone = torch.cat([model(row[None]) for row in batch])
    torch.testing.assert_close(model(batch), alone)


def test_only_the_last_tokens_of_a_history_matter(rng):
    model = KneserNey(torch.randint(V, (500,), generator=rng), order=4, vocab_size=V)
    history = torch.randint(V, (1, 50), generator=rng)
    short = model(history[:, -model.context_length :])
    torch.testing.assert_close(model(history)[:, -1], short[:, -1])


def test_what_was_never_seen_costs_infinity_only_without_smoothing():
    ids, unseen = torch.tensor([0, 1, 0, 1, 0, 2]), torch.tensor([0, 3])
    assert AddK(ids, order=2, vocab_size=V, k=0).surprisal(unseen).isinf().all()
    assert AddK(ids, order=2, vocab_size=V, k=1).surprisal(unseen).isfinite().all()
    assert KneserNey(ids, order=2, vocab_size=V).surprisal(unseen).isfinite().all()


def test_a_text_of_one_pattern_is_soon_foreseen():
    ids = torch.tensor([0, 1, 2] * 100)
    assert KneserNey(ids, order=2, vocab_size=V).surprisal(ids).mean() < 0.02
    assert AddK(ids, order=1, vocab_size=V, k=0).surprisal(ids).mean().item() == pytest.approx(
        math.log(3), abs=1e-3
    )


def test_the_floors_are_the_losses_that_evaluation_measures(rng):
    """Uniform and 5-gram, by another path: through logits, softmax and cross-entropy."""
    train, held_out = torch.randint(V, (2, 400), generator=rng)
    rungs = floors(train, held_out, vocab_size=V)
    assert list(rungs) == ["uniform", "unigram", "bigram", "5-gram Kneser–Ney"]
    model = KneserNey(train, order=5, vocab_size=V)
    whole = mean_loss(model, held_out, context_length=399)
    assert rungs["5-gram Kneser–Ney"] == pytest.approx(whole, rel=1e-6)
    assert rungs["uniform"] == pytest.approx(math.log(V))


def test_a_model_moves_to_another_device_with_all_it_counted(rng):
    model = KneserNey(torch.randint(V, (50,), generator=rng), order=3, vocab_size=V)
    model.to("meta")
    assert all(t.keys.is_meta and t.counts.is_meta and t.shorter.is_meta for t in model.tables)
    assert all(buffer.is_meta for buffer in model.buffers())


@pytest.mark.parametrize(
    ("ids", "order", "message"),
    [
        ([0, 1, 2], 0, "order must be at least 1"),
        ([0, 1], 3, "2 tokens hold no 3-gram"),
        ([0, 9], 1, "ids run from 0 to 9, but vocab_size 4"),
        ([-1, 1], 1, "ids run from -1"),
    ],
)
def test_bad_input_says_what_to_do(ids, order, message):
    with pytest.raises(ValueError, match=message):
        KneserNey(torch.tensor(ids), order=order, vocab_size=V)


def test_taking_away_from_counts_is_refused():
    with pytest.raises(ValueError, match="k is added to a count"):
        AddK(torch.tensor([0, 1]), order=1, vocab_size=V, k=-1)


def test_a_model_without_a_smoothing_is_not_a_model():
    with pytest.raises(NotImplementedError):
        NGramModel(torch.tensor([0, 1]), order=1, vocab_size=V)(torch.tensor([[0]]))
