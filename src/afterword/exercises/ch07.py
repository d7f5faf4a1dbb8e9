"""Checkers for the exercises of chapter 7."""

import math

from afterword.exercises.checking import compare, is_unwritten, verdict


def check_count(n_trained) -> None:
    """``n_trained(shapes, rank)``: how many weights LoRA trains beside such matrices."""
    got = n_trained([(4, 6)], 2)
    if is_unwritten(got, "n_trained"):
        return
    verdict(
        got,
        20,
        slips={
            "That is the matrix itself, which stays as it is. Count A and B.": 24,
            "You multiplied the two sides by the rank. A has rank × 6 numbers, B has 4 × rank: "
            "add them.": 48,
            "You counted A alone. B learns too.": 12,
            "You counted B alone. A learns too.": 8,
            "The rank is missing: 4 + 6 is right for rank 1.": 10,
        },
        otherwise="A is 2 × 6 and B is 4 × 2: 12 and 8 numbers.",
    )
    verdict(
        n_trained([(4, 6), (3, 3), (3, 3)], 1),
        22,
        slips={
            "Right for one matrix. Of several you counted the first only.": 10,
            "Right for one matrix. Of several you counted the last only.": 6,
            "You counted two matrices of one shape once. Each has an update of its own.": 16,
        },
        otherwise="Right for one matrix. For three, at rank 1: 10 + 6 + 6.",
    )
    print("Right: rank times the sum of both sides, for each matrix.")


def check_merge(merged) -> None:
    """``merged(W, A, B, alpha)``: the matrix with its update added, as lists of rows."""
    W, A, B = [[1.0, 0.0], [0.0, 1.0]], [[1.0, 2.0], [0.0, 1.0]], [[3.0, 0.0], [1.0, 1.0]]
    got = merged(W, A, B, 2.0)
    if is_unwritten(got, "merged"):
        return
    compare(
        got,
        [[4.0, 6.0], [1.0, 4.0]],
        slips={
            "That is the update alone. Add W.": [[3.0, 6.0], [1.0, 3.0]],
            "You multiplied A by B. B comes first: A looks at x, and B answers.": [
                [6.0, 2.0],
                [1.0, 2.0],
            ],
            "The factor is alpha / rank, and the rank is the number of A's rows, here 2. You "
            "took alpha.": [[7.0, 12.0], [2.0, 7.0]],
            "You divided by the rank and did not multiply by alpha.": [[2.5, 3.0], [0.5, 2.5]],
            "You multiplied entry by entry. A matrix product was wanted.": [[4.0, 0.0], [0.0, 2.0]],
            "You turned A or B on its side before multiplying.": [[4.0, 0.0], [3.0, 2.0]],
        },
        otherwise="B A is [[3, 6], [1, 3]], the factor is 2 / 2, and W is added.",
    )
    compare(
        merged([[1.0, 0.0, 0.0]], [[0.0, 1.0, 2.0]], [[2.0]], 3.0),
        [[1.0, 6.0, 12.0]],
        slips={
            "Right where alpha is the rank. Here the factor is 3 / 1, and yours was 1.": [
                [1.0, 2.0, 4.0]
            ],
        },
        otherwise="Right for rank 2. At rank 1 with alpha 3 the update is 3 · [[0, 2, 4]].",
    )
    print("Right: W and alpha/rank times B A.")


def check_targets(targets) -> None:
    """``targets(ids, is_answer)``: what each id but the last should predict, or -100."""
    got = targets([7, 8, 9, 5, 6], [False, False, True, True, True])
    if is_unwritten(got, "targets"):
        return
    compare(
        got,
        [-100, 9, 5, 6],
        slips={
            "You masked by the id that looks, and not by the one that is to be predicted: 8 "
            "belongs to the request, but what it should say, 9, to the answer.": [-100, -100, 5, 6],
            "The targets are the ids one further on. Yours stand where they stood.": [
                -100,
                -100,
                9,
                5,
            ],
            "One for each id, and yours are not shifted: the target of an id is the one after "
            "it.": [-100, -100, 9, 5, 6],
            "The last id predicts nothing; leave its place out.": [-100, 9, 5, 6, -100],
            "Nothing is masked. The request does not count.": [8, 9, 5, 6],
            "You masked the answer and kept the request.": [8, -100, -100, -100],
            "The last of the answer's ids, its end, must be learnt too.": [-100, 9, 5],
        },
        otherwise="The id 7 should say 8, which is no answer: -100. Then 9, 5 and 6.",
    )
    compare(
        targets([1, 2, 3, 4, 5], [False, True, False, False, True]),
        [2, -100, -100, 5],
        slips={
            "Right for one answer at the end. Here a second request follows the first answer, and "
            "you learn it too.": [2, 3, 4, 5],
            "Right for one answer at the end. Here there are two answers, and you learn the last "
            "only.": [-100, -100, -100, 5],
        },
        otherwise="Right for one answer. Of two, with a request between, 2 and 5 are learnt.",
    )
    print("Right: one further on, and only where the next id belongs to an answer.")


def check_preference(preference_loss) -> None:
    """``preference_loss(now, before, beta)``: DPO over pairs of log-probabilities."""
    got = preference_loss([(-10.0, -12.0)], [(-11.0, -11.0)], 0.5)
    if is_unwritten(got, "preference_loss"):
        return

    def loss(margin):
        return math.log1p(math.exp(-margin))

    verdict(
        got,
        loss(1.0),
        slips={
            "You rewarded the worse one: the margin is the better's reward less the worse's.": loss(
                -1.0
            ),
            "β is missing.": loss(2.0),
            "That is the margin. The loss is −log of its sigmoid.": 1.0,
            "That is the sigmoid. The loss is −log of it.": 1 / (1 + math.exp(-1.0)),
            "That is the log of the sigmoid. The loss is minus that.": -loss(1.0),
        },
        otherwise="Here the better gained 1 nat, the worse lost 1; times 0.5 the margin is 1, and "
        "−log σ(1) is 0.313.",
    )
    verdict(
        preference_loss([(-8.0, -9.0)], [(-9.0, -13.0)], 1.0),
        loss(-3.0),
        slips={
            "Right where the reference finds both alike. Here it does not, and you left it out.": (
                loss(1.0)
            ),
            "Right where the better gained. Here the worse gained more, and you took the absolute "
            "value.": loss(3.0),
            "You clipped the margin at zero. It may be negative.": loss(0.0),
        },
        otherwise="Here the better gained 1 and the worse 4: the margin is −3.",
    )
    verdict(
        preference_loss([(-10.0, -12.0), (-8.0, -9.0)], [(-11.0, -11.0), (-9.0, -13.0)], 1.0),
        (loss(2.0) + loss(-3.0)) / 2,
        slips={
            "Right for one pair. Of several the mean was wanted, and you took the sum.": (
                loss(2.0) + loss(-3.0)
            ),
            "Take the loss of each pair and then the mean; you took the mean of the margins "
            "first.": loss(-0.5),
            "Of several pairs you took the first only.": loss(2.0),
        },
        otherwise="Right for one pair. Of two, margins 2 and −3, the mean of both losses.",
    )
    print("Right: ln 2 where nothing has changed, and less where the better has gained more.")
