"""How far apart two heaps of texts are, as heaps: what each writes of that the other does not.

A text is a vector of features. The vectors of both heaps are put into common bins, and the two
histograms p and q are compared by a curve. A mixture r of both explains each of them badly or
well: KL(q‖r) is what the model writes and people do not, KL(p‖r) what people write and it does
not. As r goes from p to q, the one falls and the other rises.

Axes   N, M texts   D features   K bins   W mixtures
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from scipy.cluster.vq import kmeans, vq
from scipy.special import rel_entr
from torch import Tensor

Histogram = Float[np.ndarray, "K"]
Counts = Int[np.ndarray, "K"]
SCALE, N_MIXTURES = 5.0, 25  # as in the paper's own program
N_TRIES = 5  # k-means ends where it began to go; the tightest of a few is kept


@dataclass(frozen=True)
class Divergence:
    """The area under the curve, 1 if the heaps are alike and near 0 if they share no bin."""

    score: float
    frontier: Float[np.ndarray, "W 2"]
    p: Counts  # how many texts of each heap are in each bin
    q: Counts


def mauve(
    p: Float[Tensor, "N D"], q: Float[Tensor, "M D"], *, n_clusters: int, rng: torch.Generator
) -> Divergence:
    """MAUVE of two heaps of features; the same whichever heap is called p, and in any order.

    Two heaps of one writer do not reach 1: chance alone fills their bins differently, the more
    so the fewer texts there are to a bin. Ten to a bin is usual. Hold a score against that of two
    halves of what people wrote, with as many texts and bins.

    Source: arXiv:2102.01454.
    """
    return divergence(*bin_counts(p, q, n_clusters=n_clusters, rng=rng))


def divergence(p: Counts, q: Counts) -> Divergence:
    """MAUVE of two heaps of which it is known how many texts are in each bin.

    >>> round(divergence(np.array([5, 5, 0]), np.array([0, 5, 5])).score, 3)
    0.093
    """
    curve = frontier(p / max(p.sum(), 1), q / max(q.sum(), 1))
    return Divergence(area(curve), curve, p, q)


def divergence_interval(
    found: Divergence, *, rng: torch.Generator, n_resamples: int = 1000
) -> tuple[float, float]:
    """A 95 % interval for the score that ever more texts would lead to, in the same bins.

    To draw texts again makes two heaps differ once more by chance, so resampled scores lie too
    low, by about as much as the score itself does. They are therefore mirrored at it:
    ``2 score - high`` to ``2 score - low``, and no more than 1. (The middle of the resampled
    scores themselves, as ``bootstrap`` takes it, hardly ever holds the true score.)

    Source: Davison and Hinkley 1997, Bootstrap methods and their application, section 5.2.
    """
    heaps = [_drawn_again(counts, n_resamples, rng) for counts in (found.p, found.q)]
    again = [divergence(*each).score for each in zip(*heaps, strict=True)]
    low, high = np.clip(2 * found.score - np.quantile(again, [0.975, 0.025]), 0, 1)
    return float(low), float(high)


def frontier(p: Histogram, q: Histogram) -> Float[np.ndarray, "W 2"]:
    """``(exp(-5 KL(q‖r)), exp(-5 KL(p‖r)))`` for mixtures ``r = w p + (1 - w) q``, w from 0 to 1.

    From (1, 0) to (0, 1), by way of (1, 1) if p and q are the same.
    """
    for name, histogram in (("p", p), ("q", q)):
        if (histogram < 0).any() or not np.isclose(histogram.sum(), 1):
            raise ValueError(
                f"{name} sums to {histogram.sum():.4g} and its least entry is "
                f"{histogram.min():.4g}; a histogram has shares that sum to 1"
            )
    w = np.linspace(1e-6, 1 - 1e-6, N_MIXTURES)[:, None]
    mixtures = w * p + (1 - w) * q  # [W, K]
    inner = np.exp(-SCALE * np.stack([kl(q, mixtures), kl(p, mixtures)], axis=1))
    return np.concatenate([[[1.0, 0.0]], inner, [[0.0, 1.0]]])


def kl(p: Histogram, q: Float[np.ndarray, "*W K"]) -> Float[np.ndarray, "*W"] | float:
    """``Σ p log(p / q)``: the nats lost on average by who expects q where p holds.

    >>> float(kl(np.array([1.0, 0.0]), np.array([0.5, 0.5])))  # a bit
    0.6931471805599453
    """
    return rel_entr(p, q).sum(axis=-1)


def area(curve: Float[np.ndarray, "W 2"]) -> float:
    """The area between a frontier and the axes, by trapezoids."""
    x, y = curve.T
    return float(((x[:-1] - x[1:]) * (y[:-1] + y[1:])).sum() / 2)


def bin_counts(
    p: Float[Tensor, "N D"], q: Float[Tensor, "M D"], *, n_clusters: int, rng: torch.Generator
) -> tuple[Counts, Counts]:
    """How many of each heap's texts are in each of ``n_clusters`` bins, found by k-means in both.

    Vectors are first scaled to length 1 and turned onto the directions that hold nine tenths of
    their variance. With fewer different vectors than bins, there are fewer bins.
    """
    if not 2 <= n_clusters <= len(p) + len(q):
        raise ValueError(
            f"{n_clusters} bins for {len(p)} and {len(q)} texts; give at least 2, and about a "
            "tenth as many as each heap has texts"
        )
    both = torch.cat([p, q]).double()
    if not both.isfinite().all() or (both.norm(dim=1) == 0).any():
        raise ValueError("a feature vector is zero or not finite: leave such a text out")
    both = both / both.norm(dim=1, keepdim=True)
    order = np.lexsort(both.T.numpy())  # the bins depend on the vectors, not on their order
    points = _main_directions(both[order])
    bins = np.empty(len(both), dtype=int)
    bins[order] = _bins(points, n_clusters, rng)
    return tuple(np.bincount(each, minlength=bins.max() + 1) for each in np.split(bins, [len(p)]))


def _drawn_again(counts: Counts, n_times: int, rng: torch.Generator) -> Int[np.ndarray, "R K"]:
    """As many texts from the same bins, ``n_times``."""
    shares = torch.from_numpy(counts).double().expand(n_times, -1)
    texts = torch.multinomial(shares, int(counts.sum()), replacement=True, generator=rng)
    return (
        torch.zeros(shares.shape, dtype=torch.long)
        .scatter_add_(1, texts, torch.ones_like(texts))
        .numpy()
    )


def _main_directions(points: Float[Tensor, "N D"], share: float = 0.9) -> Float[Tensor, "N D2"]:
    centred = points - points.mean(dim=0)
    _, lengths, directions = torch.linalg.svd(centred, full_matrices=False)
    held = (lengths**2).cumsum(0) / (lengths**2).sum().clamp(min=1e-300)
    n_kept = 1 + int((held < share).sum())
    return centred @ directions[:n_kept].T


def _bins(points: Float[Tensor, "N D"], n_clusters: int, rng: torch.Generator) -> np.ndarray:
    tries = [kmeans(points.numpy(), _far_apart(points, n_clusters, rng)) for _ in range(N_TRIES)]
    centres, _ = min(tries, key=lambda each: each[1])
    return vq(points.numpy(), centres)[0]


def _far_apart(points: Float[Tensor, "N D"], n: int, rng: torch.Generator) -> np.ndarray:
    """Points to begin k-means with, each drawn by its squared distance from those before it.

    Source: Arthur and Vassilvitskii 2007, k-means++: the advantages of careful seeding.
    """
    chosen = [int(torch.randint(len(points), (1,), generator=rng))]
    distances = torch.full((len(points),), torch.inf, dtype=points.dtype)
    while len(chosen) < n:
        distances = distances.minimum((points - points[chosen[-1]]).square().sum(dim=1))
        if not distances.any():
            break
        chosen.append(int(torch.multinomial(distances, 1, generator=rng)))
    return points[chosen].numpy()
