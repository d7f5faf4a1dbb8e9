"""How often a classifier is right, for which classes, and whether it knows.

Axes   N texts   C classes
"""

import numpy as np
import pandas as pd
from jaxtyping import Float, Int, Shaped
from torch import Tensor

from afterword.evaluation.intervals import share_interval

Array = np.ndarray | Tensor


def accuracy(predicted: Int[Array, "N"], labels: Int[Array, "..."]) -> float:
    """The share of texts whose class was found.

    >>> accuracy(np.array([0, 1, 1, 2]), np.array([0, 1, 2, 2]))
    0.75
    """
    predicted, labels = _pairs(predicted, labels)
    return float((predicted == labels).mean())


def f1(predicted: Int[Array, "N"], labels: Int[Array, "..."], *, n_classes: int) -> np.ndarray:
    """For each class, the harmonic mean of precision and recall: ``2 tp / (2 tp + fp + fn)``.

    A class that is nowhere predicted and nowhere right has 0. The mean of the classes is called
    macro-F1: there a rare class counts as much as a common one.

    >>> f1(np.array([0, 1, 1, 2]), np.array([0, 1, 2, 2]), n_classes=3).round(3).tolist()
    [1.0, 0.667, 0.667]
    """
    predicted, labels = _pairs(predicted, labels)
    _check_classes(predicted, n_classes)
    _check_classes(labels, n_classes)
    hits = np.bincount(labels[predicted == labels], minlength=n_classes)
    said, were = (np.bincount(each, minlength=n_classes) for each in (predicted, labels))
    return 2 * hits / np.maximum(said + were, 1)


def macro_f1(predicted: Int[Array, "N"], labels: Int[Array, "..."], *, n_classes: int) -> float:
    """The mean of all classes' F1."""
    return float(f1(predicted, labels, n_classes=n_classes).mean())


def calibration(
    probs: Float[Array, "N *C"], labels: Int[Array, "..."], *, n_bins: int = 10
) -> pd.DataFrame:
    """How often a classifier is right where it is as sure as that: a row for each bin with texts.

    ``confidence`` is the mean probability of the bin, ``right`` how often it came true, in ``n``
    texts, with a 95 % interval from ``low`` to ``high``. With probabilities [N, C], that of the
    likeliest class, and whether it was right; with [N], that of a yes, and whether it was one
    (label 1 or 0). The bins are equally wide, each with its upper edge.

    Source: arXiv:1706.04599.
    """
    if n_bins < 1:
        raise ValueError(f"n_bins must be at least 1, got {n_bins}")
    confidence, right = _sure_and_right(probs, labels)
    inner_edges = np.linspace(0, 1, n_bins + 1)[1:-1]
    rows = []
    for _, here in pd.Series(right).groupby(np.searchsorted(inner_edges, confidence)):
        n, share = len(here), float(here.mean())
        low, high = share_interval(int(here.sum()), n)
        mean = float(confidence[here.index].mean())
        rows.append(dict(confidence=mean, right=share, n=n, low=low, high=high))
    return pd.DataFrame(rows)


def calibration_error(
    probs: Float[Array, "N *C"], labels: Int[Array, "..."], *, n_bins: int = 10
) -> float:
    """By how much confidence and share right differ, on average over texts; 0 is perfect.

    Never quite 0, since shares of few texts scatter: look at the intervals of ``calibration``.

    >>> calibration_error(np.array([0.9, 0.9, 0.9, 0.9]), np.array([1, 1, 1, 0])).__round__(2)
    0.15

    Source: arXiv:1706.04599.
    """
    table = calibration(probs, labels, n_bins=n_bins)
    gaps = (table["confidence"] - table["right"]).abs()
    return float((gaps * table["n"]).sum() / table["n"].sum())


def _sure_and_right(probs: Array, labels: Array) -> tuple[np.ndarray, np.ndarray]:
    probs, labels = _pairs(probs, labels)
    if not (np.isfinite(probs).all() and (probs >= 0).all() and (probs <= 1).all()):
        raise ValueError(
            f"probabilities lie between 0 and 1; these go from {probs.min()} to {probs.max()}: "
            "take the softmax of logits first"
        )
    if probs.ndim == 1:
        _check_classes(labels, 2)
        return probs, labels == 1
    if not np.allclose(probs.sum(axis=1), 1, atol=1e-3):
        raise ValueError("the probabilities of a text must sum to 1; take the softmax of logits")
    _check_classes(labels, probs.shape[1])
    return probs.max(axis=1), probs.argmax(axis=1) == labels


def _pairs(of_texts: Shaped[Array, "..."], labels: Shaped[Array, "..."]):
    of_texts, labels = np.asarray(of_texts), np.asarray(labels)
    if len(of_texts) != len(labels) or not len(labels):
        raise ValueError(
            f"{len(of_texts)} predictions for {len(labels)} labels; give one for each, and at "
            "least one"
        )
    return of_texts, labels


def _check_classes(classes: np.ndarray, n_classes: int) -> None:
    outside = classes[(classes < 0) | (classes >= n_classes)]
    if len(outside):
        raise ValueError(f"class {outside[0]} is none of the {n_classes}: 0 to {n_classes - 1}")
