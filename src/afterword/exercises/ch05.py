"""Checkers for the exercises of chapter 5."""

import math

import torch
from torch import Tensor

from afterword.exercises.checking import NotYet, is_unwritten, verdict


def check_schedule(warmed_cosine) -> None:
    """``warmed_cosine(step, n_warmup, n_steps)``: up evenly, then half a wave down."""
    got = warmed_cosine(0, 2, 8)
    if is_unwritten(got, "warmed_cosine"):
        return
    verdict(
        got,
        1 / 3,
        slips={
            "Step 0 has a rate of 0 in yours, so the first batch is read for nothing. Steps are "
            "counted from 0, and the first of n_warmup steps should already move.": 0.0,
            "Yours reaches 1 in the last step of the warm-up. It is to reach 1 at step n_warmup, "
            "which is the step after.": 1 / 2,
            "There is no warm-up in it: the first step has the full rate.": 1.0,
        },
        otherwise="With two steps of warm-up the shares are 1/3, 2/3, and then 1.",
    )
    verdict(
        warmed_cosine(1, 2, 8),
        2 / 3,
        slips={},
        otherwise="Right at step 0; step 1 of a warm-up of two should have 2/3.",
    )
    verdict(
        warmed_cosine(6, 2, 8),
        1 / 4,
        slips={
            "You counted the progress from step 0 and not from the end of the warm-up.": _wave(
                6 / 8
            ),
            "You divided by n_steps. After the warm-up there are n_steps - n_warmup steps.": _wave(
                4 / 8
            ),
            "That is a cosine that goes down to -1. Add 1 and halve it.": -1 / 2,
            "The cosine takes radians: half a wave is math.pi, not 180.": (1 + math.cos(120)) / 2,
            "Yours reaches 0 in the last step, which is then taken for nothing. The step after "
            "the last would reach it.": _wave(4 / 5),
            "Your way down is a straight line. A cosine leaves slowly and arrives slowly.": 1 / 3,
        },
        otherwise="The warm-up is right. Step 6 is two thirds of the way from 2 to 8, where a "
        "cosine wave is at -1/2; raised and halved that is 1/4.",
    )
    verdict(
        warmed_cosine(3, 2, 8),
        _wave(1 / 6),
        slips={},
        otherwise="Right at step 6, two thirds of the way down, but not at step 3, a sixth.",
    )
    verdict(
        warmed_cosine(0, 0, 5),
        1.0,
        slips={},
        otherwise="Right with a warm-up. Without one (n_warmup 0) the first step is whole.",
    )
    print("Right: up evenly, down along half a wave, and no step for nothing.")


def check_accumulation(step_loss) -> None:
    """``step_loss(losses, counts)``: several batches as if they had been one."""
    got = step_loss([2.0, 4.0], [3, 1])
    if is_unwritten(got, "step_loss"):
        return
    verdict(
        got,
        2.5,
        slips={
            "That is the mean of the means. The guess of the second batch then counts as much as "
            "the three of the first.": 3.0,
            "The weights are exchanged: the batch with more guesses counts more.": 3.5,
            "That is the loss of all guesses added up. Divide by how many there are.": 10.0,
            "You divided by the number of batches, not of guesses.": 5.0,
            "That is the sum of the means, as if each batch were a step of its own.": 6.0,
        },
        otherwise="Three guesses at 2 nats and one at 4 cost 10 together; that over 4 is 2.5.",
    )
    verdict(
        step_loss([1.0, 2.0, 6.0], [1, 1, 2]),
        3.75,
        slips={},
        otherwise="Right for two batches. For losses 1, 2, 6 with 1, 1, 2 guesses it is 15 / 4.",
    )
    print("Right: every guess counts the same, whichever batch it is in.")


def check_clipping(clipped) -> None:
    """``clipped(gradients, max_norm)``: all gradients as one vector, no longer than that."""
    gradients = [torch.tensor([[2.0, 1.0]]), torch.tensor([2.0, 4.0])]  # together 5 long
    got = clipped([g.clone() for g in gradients], 1.0)
    if is_unwritten(got, "clipped"):
        return
    if not isinstance(got, list | tuple) or not all(isinstance(g, Tensor) for g in got):
        raise NotYet(f"A list of tensors was wanted, and {type(got).__name__} came.")
    if [g.shape for g in got] != [g.shape for g in gradients]:
        raise NotYet("Each gradient keeps its shape, (1, 2) and (2,); yours have others.")
    slips = [
        ([g / g.norm() for g in gradients],
         "Each gradient has been shortened alone, so the direction of the whole has changed. "
         "There is one length, of all of them together."),
        ([g.clamp(-1, 1) for g in gradients],
         "You cut off each number at max_norm, which turns the gradient. Shorten it as a whole."),
        ([g / 45**0.5 for g in gradients],
         "You added the lengths of the parts. The length of the whole is the root of the summed "
         "squares, 5."),
        ([g / 25 for g in gradients], "You divided by the square of the length. Take its root."),
        ([g / 20**0.5 for g in gradients],
         "You divided by the longest gradient. The whole is longer than each of its parts."),
        (gradients, "Nothing was shortened. The whole is 5 long, and 1 was allowed."),
    ]  # fmt: skip
    for slip, diagnosis in slips:
        if _close(got, slip):
            raise NotYet(diagnosis)
    if not _close(got, [g / 5 for g in gradients]):
        raise NotYet("The whole is 5 long, so each number is to be divided by 5, and is not.")
    if not _close(clipped([g.clone() for g in gradients], 10.0), gradients):
        raise NotYet(
            "Right for a long gradient. One that is short enough, 5 long where 10 are allowed, "
            "must stay as it is; yours was changed."
        )
    if not _close(clipped([g.clone() for g in gradients], 2.0), [g * 2 / 5 for g in gradients]):
        raise NotYet("Right for max_norm 1. With 2 the whole should be 2 long, and is not.")
    if not _close(clipped([torch.zeros(2)], 1.0), [torch.zeros(2)]):
        raise NotYet("A gradient of zeros stays as it is; yours does not. Do you divide by 0?")
    print("Right: one length for all, and the direction kept.")


def check_adamw(adamw_walk) -> None:
    """``adamw_walk(w, slopes, lr, beta1, beta2, decay)``: one weight, several steps."""
    asked = (2.0, [4.0, 4.0, -4.0], 0.1, 0.5, 0.5)
    got = adamw_walk(*asked, 0.0)
    if is_unwritten(got, "adamw_walk"):
        return
    verdict(
        got,
        _walk(*asked, 0.0),
        slips={
            "The means begin at 0 and have seen less than a whole of the slopes. Divide m by "
            "1 - beta1**t and v by 1 - beta2**t, with t from 1.": _walk(*asked, 0.0, whole=False),
            "You divided by v. Divide by its root, so that slopes of any size step alike.": _walk(
                *asked, 0.0, power=1.0
            ),
            "The weight went uphill: subtract the step.": 4.0 - _walk(*asked, 0.0),
        },
        otherwise="With decay 0 follow `adam` of the chapter: for slopes 4, 4, -4 and both betas "
        "a half the steps are 1, 1 and -1/7, times lr.",
    )
    more = (2.0, [4.0, 1.0, -2.0], 0.1, 0.5, 0.8, 0.3)
    verdict(
        adamw_walk(*more),
        _walk(*more),
        slips={
            "The decay is in the slope, and so it is divided by the root of v. That is L2 under "
            "Adam. Take it off the weight itself.": _walk(*more, way="L2"),
            "The decay is taken off without lr. AdamW takes lr · decay · w.": _walk(*more, way="λ"),
            "There is no decay in it.": _walk(*more[:5], 0.0),
            "The decay is taken off after the step. Take it off the weight as it was "
            "before.": _walk(*more, way="after"),
            "You used beta1 for both means.": _walk(2.0, [4.0, 1.0, -2.0], 0.1, 0.5, 0.5, 0.3),
        },
        otherwise="Right without decay. With it, each step begins by w -= lr * decay * w.",
    )
    print("Right: Adam for the slope, and the decay beside it.")


def _wave(progress: float) -> float:
    return (1 + math.cos(math.pi * progress)) / 2


def _walk(w, slopes, lr, beta1, beta2, decay, *, whole=True, power=0.5, way="before") -> float:
    """AdamW, and the ways to get it wrong."""
    m = v = 0.0
    for t, slope in enumerate(slopes, start=1):
        old, slope = w, slope + decay * w * (way == "L2")
        m, v = beta1 * m + (1 - beta1) * slope, beta2 * v + (1 - beta2) * slope**2
        seen = (1 - beta1**t, 1 - beta2**t) if whole else (1, 1)
        w -= lr * decay * old * (way == "before") + decay * old * (way == "λ")
        w -= lr * m / seen[0] / (v / seen[1]) ** power
        w -= lr * decay * w * (way == "after")
    return w


def _close(some, others) -> bool:
    return all(torch.allclose(a, b, atol=1e-5) for a, b in zip(some, others, strict=True))
