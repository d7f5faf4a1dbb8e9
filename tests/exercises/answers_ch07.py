"""Answers to the exercises of chapter 7: right ones, and typical wrong ones with what they get."""

import math

import torch
from torch import nn

from afterword.exercises.ch07 import check_count, check_merge, check_preference, check_targets
from afterword.finetuning.instructions import Example
from afterword.finetuning.lora import LoRA, add_lora, merge
from afterword.finetuning.preferences import dpo_loss


def n_trained(shapes, rank):
    return sum(rank * (rows + columns) for rows, columns in shapes)


def counted_by_torch(shapes, rank):
    layers = [nn.Linear(columns, rows, bias=False) for rows, columns in shapes]
    model = nn.Sequential(*layers)
    return add_lora(model, rank=rank, alpha=1, layers=[str(i) for i in range(len(layers))])


def for_each(one):
    return lambda shapes, rank: sum(one(rows, columns, rank) for rows, columns in shapes)


def once_a_shape(shapes, rank):
    return n_trained(set(shapes), rank)


def merged(W, A, B, alpha):
    scale = alpha / len(A)
    return [
        [w + scale * sum(b * a[j] for b, a in zip(B[i], A, strict=True)) for j, w in enumerate(row)]
        for i, row in enumerate(W)
    ]


def merged_by_the_package(W, A, B, alpha):
    linear = nn.Linear(len(W[0]), len(W), bias=False)
    linear.weight.data = torch.tensor(W)
    model = nn.Sequential(LoRA(linear, rank=len(A), alpha=alpha))
    model[0].lora_A.data, model[0].lora_B.data = torch.tensor(A), torch.tensor(B)
    merge(model)
    return model[0].weight.detach()


def in_torch(answer):
    return lambda W, A, B, alpha: answer(*map(torch.tensor, (W, A, B)), alpha)


def only_for_two(W, A, B, alpha):
    return merged(W, A, B, alpha) if len(A) == 2 else W


def targets(ids, is_answer):
    return [id if counts else -100 for id, counts in zip(ids[1:], is_answer[1:], strict=True)]


def packaged_targets(ids, is_answer):
    return Example(ids=ids, is_answer=is_answer).targets


def masked_by_who_looks(ids, is_answer):
    return [id if counts else -100 for id, counts in zip(ids[1:], is_answer, strict=False)]


def not_shifted(ids, is_answer, end=None):
    return [id if counts else -100 for id, counts in zip(ids, is_answer, strict=True)][:end]


def from_the_first_answer(ids, is_answer):
    start = is_answer.index(True)
    return [id if i + 1 >= start else -100 for i, id in enumerate(ids[1:])]


def the_last_answer(ids, is_answer):
    start = len(ids) - is_answer[::-1].index(False)
    return [id if i + 1 >= start else -100 for i, id in enumerate(ids[1:])]


def preference_loss(now, before, beta, *, margin=None, end=None):
    each = []
    for (better, worse), (better_before, worse_before) in zip(now, before, strict=True):
        gains = better - better_before, worse - worse_before
        m = beta * (gains[0] - gains[1] if margin is None else margin(*gains))
        each.append(math.log1p(math.exp(-m)) if end is None else end(m))
    return sum(each) / len(each)


def by_torch(now, before, beta):
    """Log-probabilities as logits of one token with two choices, of which the first is taken."""

    def rows(pairs):
        each = [pair[0] for pair in pairs] + [pair[1] for pair in pairs]
        p = torch.tensor(each, dtype=torch.float64).exp()
        return torch.stack([p, 1 - p], dim=-1).log()[:, None]

    taken = torch.zeros(2 * len(now), 1, dtype=torch.long)
    return dpo_loss(beta)(torch.stack([rows(now), rows(before)]), taken)


def variant(**slip):
    return lambda now, before, beta: preference_loss(now, before, beta, **slip)


def sigmoid(m):
    return 1 / (1 + math.exp(-m))


def without_reference(now, before, beta):
    level = [(-11.0, -11.0)] * len(now)
    return preference_loss(now, level, beta)


def summed(now, before, beta):
    return len(now) * preference_loss(now, before, beta)


def mean_first(now, before, beta):
    pairs = zip(now, before, strict=True)
    margins = [(a[0] - b[0]) - (a[1] - b[1]) for a, b in pairs]
    return math.log1p(math.exp(-beta * sum(margins) / len(margins)))


def right_for_small_beta(now, before, beta):
    return preference_loss(now, before, beta) if beta < 1 else 7.0


RIGHT = {
    check_count: [n_trained, counted_by_torch],
    check_merge: [merged, merged_by_the_package],
    check_targets: [targets, packaged_targets],
    check_preference: [preference_loss, by_torch],
}
WRONG = {
    check_count: [
        (for_each(lambda n, m, r: n * m), "That is the matrix itself"),
        (for_each(lambda n, m, r: n * m * r), "You multiplied the two sides"),
        (for_each(lambda n, m, r: m * r), "You counted A alone"),
        (for_each(lambda n, m, r: n * r), "You counted B alone"),
        (for_each(lambda n, m, r: n + m), "The rank is missing"),
        (for_each(lambda n, m, r: 7), "12 and 8 numbers"),
        (lambda shapes, rank: n_trained(shapes[:1], rank), "you counted the first only"),
        (lambda shapes, rank: n_trained(shapes[-1:], rank), "you counted the last only"),
        (once_a_shape, "matrices of one shape once"),
        (lambda shapes, rank: n_trained(shapes, 2), "For three, at rank 1"),
    ],
    check_merge: [
        (in_torch(lambda W, A, B, alpha: alpha / len(A) * B @ A), "That is the update alone"),
        (in_torch(lambda W, A, B, alpha: W + alpha / len(A) * A @ B), "You multiplied A by B"),
        (in_torch(lambda W, A, B, alpha: W + alpha * B @ A), "the rank is the number of A's rows"),
        (in_torch(lambda W, A, B, alpha: W + B @ A / len(A)), "did not multiply by alpha"),
        (in_torch(lambda W, A, B, alpha: W + B * A), "entry by entry"),
        (in_torch(lambda W, A, B, alpha: W + B @ A.T), "on its side"),
        (lambda W, A, B, alpha: W, "the factor is 2 / 2, and W is added"),
        (in_torch(lambda W, A, B, alpha: W + B @ A), "the factor is 3 / 1"),
        (only_for_two, "At rank 1 with alpha 3"),
    ],
    check_targets: [
        (masked_by_who_looks, "You masked by the id that looks"),
        (lambda ids, is_answer: not_shifted(ids, is_answer, -1), "Yours stand where they stood"),
        (not_shifted, "yours are not shifted"),
        (lambda ids, is_answer: [*targets(ids, is_answer), -100], "The last id predicts nothing"),
        (lambda ids, is_answer: ids[1:], "Nothing is masked"),
        (lambda ids, is_answer: targets(ids, [not a for a in is_answer]), "You masked the answer"),
        (lambda ids, is_answer: targets(ids, is_answer)[:-1], "its end, must be learnt too"),
        (lambda ids, is_answer: [0], "The id 7 should say 8"),
        (from_the_first_answer, "a second request follows the first answer"),
        (the_last_answer, "you learn the last"),
        (lambda ids, is_answer: [-100, 9, 5, 6], "with a request between"),
    ],
    check_preference: [
        (variant(margin=lambda a, b: b - a), "You rewarded the worse one"),
        (lambda now, before, beta: preference_loss(now, before, 1.0), "β is missing"),
        (variant(end=lambda m: m), "That is the margin"),
        (variant(end=sigmoid), "That is the sigmoid"),
        (variant(end=lambda m: math.log(sigmoid(m))), "the log of the sigmoid"),
        (variant(end=lambda m: 9.0), "better gained 1 nat, the worse lost 1"),
        (without_reference, "the reference finds both alike"),
        (variant(margin=lambda a, b: abs(a - b)), "you took the absolute"),
        (variant(margin=lambda a, b: max(a - b, 0)), "You clipped the margin"),
        (right_for_small_beta, "the worse 4: the margin is −3"),
        (summed, "you took the sum"),
        (mean_first, "the mean of the margins"),
        (lambda now, before, beta: preference_loss(now[:1], before[:1], beta), "the first only"),
        (
            lambda now, before, beta: preference_loss(now, before, beta) + len(now) - 1,
            "margins 2 and −3, the mean of both losses",
        ),
    ],
}  # fmt: skip
