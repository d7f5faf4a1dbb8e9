"""Answers to the exercises of chapter 5: right ones, and typical wrong ones with what they get."""

import math

import torch

from afterword.exercises.ch05 import (
    check_accumulation,
    check_adamw,
    check_clipping,
    check_schedule,
)
from afterword.training.schedules import Cosine


def packaged(step, n_warmup, n_steps):
    return Cosine(n_steps=n_steps, n_warmup=n_warmup, end=0.0)(step)


def shaped(step, n_warmup, n_steps, *, up=lambda s, n: (s + 1) / (n + 1), down=None):
    """A schedule whose way down is a function of the step, the warm-up and the whole."""
    if step < n_warmup:
        return up(step, n_warmup)
    wave = (1 + math.cos(math.pi * (step - n_warmup) / (n_steps - n_warmup))) / 2
    return wave if down is None else down(step, n_warmup, n_steps)


def with_down(down):
    return lambda step, n_warmup, n_steps: shaped(step, n_warmup, n_steps, down=down)


def with_up(up):
    return lambda step, n_warmup, n_steps: shaped(step, n_warmup, n_steps, up=up)


def half_wave(x):
    return (1 + math.cos(x)) / 2


def only_with_warmup(step, n_warmup, n_steps):
    return packaged(step, n_warmup, n_steps) if n_warmup else 0.0


def together(losses, counts):
    return sum(loss * n for loss, n in zip(losses, counts, strict=True)) / sum(counts)


def as_tensors(losses, counts):
    losses, counts = torch.tensor(losses), torch.tensor(counts)
    return (losses * counts).sum() / counts.sum()


def norm(gradients):
    return math.sqrt(sum(g.square().sum().item() for g in gradients))


def shortened(gradients, max_norm):
    factor = min(1.0, max_norm / max(norm(gradients), 1e-12))
    return [g * factor for g in gradients]


def by_torch(gradients, max_norm):
    parameters = [torch.nn.Parameter(torch.zeros_like(g)) for g in gradients]
    for p, g in zip(parameters, gradients, strict=True):
        p.grad = g.clone()
    torch.nn.utils.clip_grad_norm_(parameters, max_norm)
    return [p.grad for p in parameters]


def each_alone(gradients, max_norm):
    return [g * min(1.0, max_norm / g.norm().item()) for g in gradients]


def scaled(length):
    return lambda gradients, max_norm: [g * max_norm / length(gradients) for g in gradients]


def lengthens(gradients, max_norm):
    return [g * max_norm / max(norm(gradients), 1e-12) for g in gradients]


def only_to_one(gradients, max_norm):
    return shortened(gradients, 1.0) if norm(gradients) > max_norm else gradients


def divides_by_zero(gradients, max_norm):
    return [g * (min(1.0, max_norm / norm(gradients)) if norm(gradients) else math.nan)
            for g in gradients]  # fmt: skip


def walk(w, slopes, lr, beta1, beta2, decay, *, whole=True, power=0.5, way="before", up=False):
    m = v = 0.0
    for t, slope in enumerate(slopes, 1):
        if way == "L2":
            slope += decay * w
        m = beta1 * m + (1 - beta1) * slope
        v = beta2 * v + (1 - beta2) * slope**2
        first, second = (m / (1 - beta1**t), v / (1 - beta2**t)) if whole else (m, v)
        if way == "before":
            w *= 1 - lr * decay
        if way == "without lr":
            w *= 1 - decay
        step = lr * first / second**power
        w = w + step if up else w - step
        if way == "after":
            w *= 1 - lr * decay
    return w


def by_adamw(w, slopes, lr, beta1, beta2, decay):
    weight = torch.tensor([w], dtype=torch.double, requires_grad=True)
    optimizer = torch.optim.AdamW([weight], lr=lr, betas=(beta1, beta2), eps=0, weight_decay=decay)
    for slope in slopes:
        weight.grad = torch.tensor([slope], dtype=torch.double)
        optimizer.step()
    return weight.item()


def variant(**slip):
    return lambda *arguments: walk(*arguments, **slip)


def one_beta(w, slopes, lr, beta1, beta2, decay):
    return walk(w, slopes, lr, beta1, beta1, decay)


RIGHT = {
    check_schedule: [packaged, shaped],
    check_accumulation: [together, as_tensors],
    check_clipping: [shortened, by_torch],
    check_adamw: [walk, by_adamw],
}
WRONG = {
    check_schedule: [
        (with_up(lambda s, n: s / n), "Step 0 has a rate of 0"),
        (with_up(lambda s, n: (s + 1) / n), "Yours reaches 1 in the last step of the warm-up"),
        (with_up(lambda s, n: 1.0), "There is no warm-up"),
        (with_up(lambda s, n: 0.2), "the shares are 1/3, 2/3, and then 1"),
        (with_up(lambda s, n: 1 / 3), "step 1 of a warm-up of two"),
        (with_down(lambda s, w, n: half_wave(math.pi * s / n)), "counted the progress from step 0"),
        (with_down(lambda s, w, n: half_wave(math.pi * (s - w) / n)), "You divided by n_steps"),
        (with_down(lambda s, w, n: math.cos(math.pi * (s - w) / (n - w))), "goes down to -1"),
        (with_down(lambda s, w, n: half_wave(180 * (s - w) / (n - w))), "takes radians"),
        (with_down(lambda s, w, n: half_wave(math.pi * (s - w) / (n - w - 1))), "Yours reaches 0"),
        (with_down(lambda s, w, n: 1.0), "The warm-up is right"),
        (with_down(lambda s, w, n: 1 - (s - w) / (n - w)), "Your way down is a straight line"),
        (with_down(lambda s, w, n: 1 / 4), "Right at step 6"),
        (only_with_warmup, "Right with a warm-up"),
    ],
    check_accumulation: [
        (lambda losses, counts: sum(losses) / len(losses), "mean of the means"),
        (lambda losses, counts: together(losses, counts[::-1]), "The weights are exchanged"),
        (lambda losses, counts: together(losses, counts) * sum(counts), "all guesses added up"),
        (lambda losses, counts: together(losses, counts) * sum(counts) / len(counts),
         "You divided by the number of batches"),
        (lambda losses, counts: sum(losses), "sum of the means"),
        (lambda losses, counts: 0.0, "Three guesses at 2 nats"),
        (lambda losses, counts: (losses[0] * 3 + losses[1]) / 4, "Right for two batches"),
    ],
    check_clipping: [
        (each_alone, "Each gradient has been shortened alone"),
        (lambda g, n: [one.clamp(-n, n) for one in g], "You cut off each number"),
        (scaled(lambda g: sum(one.norm() for one in g)), "You added the lengths"),
        (scaled(lambda g: norm(g) ** 2), "the square of the length"),
        (scaled(lambda g: max(one.norm() for one in g)), "You divided by the longest"),
        (lambda g, n: g, "Nothing was shortened"),
        (lambda g, n: [one * 0 for one in g], "each number is to be divided by 5"),
        (lengthens, "Right for a long gradient"),
        (only_to_one, "Right for max_norm 1"),
        (divides_by_zero, "A gradient of zeros stays"),
        (lambda g, n: torch.cat([one.flatten() for one in g]) / 5, "A list of tensors was wanted"),
        (lambda g, n: [one.flatten() / 5 for one in g], "Each gradient keeps its shape"),
    ],
    check_adamw: [
        (variant(whole=False), "The means begin at 0"),
        (variant(power=1.0), "You divided by v"),
        (variant(up=True), "The weight went uphill"),
        (lambda *arguments: 0.0, "With decay 0 follow `adam`"),
        (variant(way="L2"), "The decay is in the slope"),
        (variant(way="without lr"), "The decay is taken off without lr"),
        (variant(way="none"), "There is no decay in it"),
        (variant(way="after"), "The decay is taken off after the step"),
        (one_beta, "You used beta1 for both"),
        (lambda w, slopes, *rest: walk(w, slopes, *rest) - rest[-1], "Right without decay"),
    ],
}  # fmt: skip
