import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn import metrics
from sklearn.calibration import calibration_curve

from afterword.evaluation.intervals import share_interval
from afterword.evaluation.labels import accuracy, calibration, calibration_error, f1, macro_f1

classes = st.integers(1, 60).flatmap(
    lambda n: st.tuples(*[arrays(np.int64, n, elements=st.integers(0, 3))] * 2)
)


def rows(rng, n=300, n_classes=3):
    probs = torch.randn(n, n_classes, generator=rng).mul(2).softmax(dim=1)
    return probs, torch.multinomial(probs, 1, generator=rng).squeeze(1)


@given(classes)
def test_accuracy_and_f1_are_those_of_scikit_learn(pair):
    predicted, labels = pair
    assert accuracy(predicted, labels) == metrics.accuracy_score(labels, predicted)
    settings = dict(labels=range(4), average=None, zero_division=0.0)
    theirs = metrics.f1_score(labels, predicted, **settings)
    np.testing.assert_allclose(f1(predicted, labels, n_classes=4), theirs, rtol=1e-12)
    assert macro_f1(predicted, labels, n_classes=4) == pytest.approx(theirs.mean(), rel=1e-12)


def test_f1_is_counted_by_hand():
    """Of class 1: one hit, said three times, right twice: 2·1 / (3 + 2)."""
    predicted, labels = torch.tensor([1, 1, 1, 0, 2]), torch.tensor([1, 0, 2, 1, 2])
    assert f1(predicted, labels, n_classes=4).tolist() == pytest.approx([0, 2 / 5, 2 / 3, 0])
    assert macro_f1(predicted, labels, n_classes=4) == pytest.approx((2 / 5 + 2 / 3) / 4)


def test_who_always_says_the_common_class_is_accurate_and_has_a_poor_macro_f1():
    labels = np.array([0] * 90 + [1] * 10)
    always = np.zeros(100, dtype=int)
    assert accuracy(always, labels) == 0.9
    assert macro_f1(always, labels, n_classes=2) == pytest.approx(0.9 / 1.9)


@given(arrays(np.float64, 50, elements=st.floats(0, 1)), st.integers(1, 12), st.integers(0, 99))
def test_the_bins_are_those_of_scikit_learn(probs, n_bins, seed):
    labels = np.random.default_rng(seed).integers(2, size=50)
    assume(0 < labels.sum() < 50)
    right, confidence = calibration_curve(labels, probs, n_bins=n_bins, strategy="uniform")
    table = calibration(probs, labels, n_bins=n_bins)
    np.testing.assert_allclose(table["confidence"], confidence, atol=1e-12)
    np.testing.assert_allclose(table["right"], right, atol=1e-12)
    assert table["n"].sum() == 50


def test_with_a_row_of_probabilities_each_the_likeliest_class_is_judged(rng):
    probs, labels = rows(rng)
    confidence, predicted = probs.max(dim=1)
    expected = calibration(confidence, (predicted == labels).long(), n_bins=5)
    table = calibration(probs, labels, n_bins=5)
    np.testing.assert_array_equal(table, expected)
    assert table["confidence"].min() > 1 / 3


def test_each_bin_has_wilsons_interval_for_as_many_texts():
    probs = np.array([0.15] * 20 + [0.9] * 8)
    labels = np.array([1] * 3 + [0] * 17 + [1] * 8)
    table = calibration(probs, labels, n_bins=10)
    assert table["n"].tolist() == [20, 8]
    assert table["right"].tolist() == [0.15, 1.0]
    for row, hits in zip(table.itertuples(), (3, 8), strict=True):
        assert (row.low, row.high) == share_interval(hits, row.n)


def test_the_error_is_counted_by_hand():
    """Ten texts at 0.8 of which 6 are right, thirty at 0.6 of which 21 are: ¼·0.2 + ¾·0.1."""
    probs = np.array([0.8] * 10 + [0.6] * 30)
    labels = np.array([1] * 6 + [0] * 4 + [1] * 21 + [0] * 9)
    assert calibration_error(probs, labels, n_bins=10) == pytest.approx(0.125)


def test_a_classifier_that_draws_its_labels_is_calibrated_and_a_sharpened_one_is_not(rng):
    """0.02: four times what shares of about 2,000 texts in each of ten bins scatter by."""
    probs, labels = rows(rng, n=20_000)
    sharpened = (probs**3) / (probs**3).sum(dim=1, keepdim=True)
    assert calibration_error(probs, labels, n_bins=10) < 0.02
    assert calibration_error(sharpened, labels, n_bins=10) > 0.1
    table = calibration(probs, labels, n_bins=10)
    inside = (table["low"] <= table["confidence"]) & (table["confidence"] <= table["high"])
    assert inside.mean() >= 0.7


@given(st.integers(1, 15), st.integers(0, 99))
def test_with_one_bin_the_error_is_confidence_less_accuracy_and_more_bins_never_lower_it(n, seed):
    probs, labels = rows(torch.Generator().manual_seed(seed), n=40)
    confidence, predicted = probs.max(dim=1)
    one = abs(confidence.double().mean().item() - accuracy(predicted, labels))
    assert calibration_error(probs, labels, n_bins=1) == pytest.approx(one, abs=1e-6)
    assert calibration_error(probs, labels, n_bins=n) >= one - 1e-6


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: accuracy(np.array([1, 2]), np.array([1])), "2 predictions for 1 labels; give one"),
        (lambda: accuracy(np.array([], int), np.array([], int)), "at least one"),
        (
            lambda: f1(np.array([0, 3]), np.array([0, 1]), n_classes=3),
            "class 3 is none of the 3: 0 to 2",
        ),
        (lambda: f1(np.array([0, 1]), np.array([0, -1]), n_classes=2), "class -1 is none of the 2"),
        (lambda: calibration(np.array([0.5]), np.array([1]), n_bins=0), "at least 1, got 0"),
        (
            lambda: calibration(np.array([0.5, 2.0]), np.array([1, 0])),
            "these go from 0.5 to 2.0: take the softmax",
        ),
        (lambda: calibration(np.array([np.nan]), np.array([1])), "between 0 and 1; these go"),
        (lambda: calibration(np.array([[0.5, 0.2]]), np.array([1])), "must sum to 1"),
        (lambda: calibration(np.array([[0.5, 0.5]]), np.array([2])), "class 2 is none of the 2"),
        (lambda: calibration(np.array([0.5]), np.array([2])), "class 2 is none of the 2"),
        (lambda: calibration(np.array([0.5]), np.array([1, 1])), "1 predictions for 2 labels"),
    ],
)
def test_what_cannot_be_judged_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
