"""How much of a text stands in texts that people wrote for the same purpose: BLEU, chrF, ROUGE.

    scores = evaluate.combine([BLEU(), ChrF(), ROUGE()])
    scores.compute(predictions=["the sea keeps"], references=[["the sea takes", "a sea keeps"]])

All three are metrics of the ``evaluate`` library, take a list of references for each prediction,
keep what they are given in memory, and ask no hub. BLEU and chrF go from 0 to 100, ROUGE from 0
to 1, as those who made them have it.

Axes   N texts   S what is counted in each
"""

from collections.abc import Sequence

import datasets
import evaluate
import numpy as np
import sacrebleu
import torch
from jaxtyping import Float
from rouge_score.rouge_scorer import RougeScorer

from afterword.evaluation.bootstrap import middle, resample

Texts, References = Sequence[str], Sequence[Sequence[str]]
INPUTS = "predictions: a list of texts; references: for each of them, a list of texts."


class Overlap(evaluate.Metric):
    """What the three share: counts of each text, and a score made of the counts of all."""

    description = citation = ""

    def __init__(self, engine):
        self.engine = engine
        super().__init__(keep_in_memory=True)

    def statistics(self, predictions: Texts, references: References) -> Float[np.ndarray, "N S"]:
        """What is counted in each text: a row for each, from which ``score`` makes the score."""
        raise NotImplementedError

    def score(self, rows: Float[np.ndarray, "N S"]) -> dict[str, float]:
        """The score of all texts together, by name."""
        raise NotImplementedError

    def interval(
        self,
        predictions: Texts,
        references: References,
        *,
        rng: torch.Generator,
        n_resamples: int = 1000,
    ) -> dict[str, tuple[float, float]]:
        """For each score, the 95 % interval if other texts had been drawn: ``(low, high)``."""
        rows = self.statistics(predictions, references)
        names = list(self.score(rows))
        again = resample(
            rows,
            statistic=lambda drawn: list(self.score(drawn).values()),
            rng=rng,
            n_resamples=n_resamples,
        )
        ends = [middle(column, level=0.95, n_drawn=len(rows)) for column in again.T]
        return dict(zip(names, ends, strict=True))

    def _compute(self, predictions, references):
        return self.score(self.statistics(predictions, references))

    def _info(self):
        text = datasets.Value("string")
        return evaluate.MetricInfo(
            description=self.description,
            citation=self.citation,
            inputs_description=INPUTS,
            features=datasets.Features(predictions=text, references=datasets.Sequence(text)),
        )

    def _build_data_dir(self):
        return ""  # nothing is written, so no folder is made in the reader's home


class BLEU(Overlap):
    """Shares of word n-grams, up to 4, that a reference has too; times a penalty for brevity.

    A word counts no more often than it stands in one reference. The geometric mean of the four
    shares is 0 if one is, so a single short text should not be judged by it. ``engine`` is a
    ``sacrebleu.BLEU`` with other settings.

    Source: Papineni 2002, BLEU: a method for automatic evaluation of machine translation;
    arXiv:1804.08771.
    """

    description, citation = "Corpus BLEU, by sacrebleu; 0 to 100.", "Papineni 2002; Post 2018"

    def __init__(self, engine: sacrebleu.BLEU | None = None):
        super().__init__(engine or sacrebleu.BLEU())

    def statistics(self, predictions, references):
        return _counts(self.engine, predictions, references)

    def score(self, rows):
        return {"bleu": _of_counts(self.engine, rows).score}

    def precisions(self, rows: Float[np.ndarray, "N S"]) -> list[float]:
        """The share of n-grams that a reference has, in percent, for n = 1, 2, 3, 4."""
        return list(_of_counts(self.engine, rows).precisions)


class ChrF(Overlap):
    """Shares of letter n-grams, up to 6, found in the other: precision, and recall, twice as heavy.

    Spaces do not count. Of several references the nearest counts. ``engine`` is a
    ``sacrebleu.CHRF`` with other settings.

    Source: Popović 2015, chrF: character n-gram F-score for automatic MT evaluation.
    """

    description, citation = "Corpus chrF2, by sacrebleu; 0 to 100.", "Popović 2015; Post 2018"

    def __init__(self, engine: sacrebleu.CHRF | None = None):
        super().__init__(engine or sacrebleu.CHRF())

    def statistics(self, predictions, references):
        return _counts(self.engine, predictions, references)

    def score(self, rows):
        return {"chrf": _of_counts(self.engine, rows).score}


class ROUGE(Overlap):
    """The F-measure of common words, word pairs, and of the longest common subsequence.

    A mean over texts; of several references the nearest counts. Words are lower case letters and
    digits. ``engine`` is a ``RougeScorer`` with other settings.

    Source: Lin 2004, ROUGE: a package for automatic evaluation of summaries.
    """

    description, citation = "Mean ROUGE-1, -2 and -L, F-measure; 0 to 1.", "Lin 2004"

    def __init__(self, engine: RougeScorer | None = None):
        super().__init__(engine or RougeScorer(["rouge1", "rouge2", "rougeL"]))

    def statistics(self, predictions, references):
        _check(predictions, references)
        each = [
            self.engine.score_multi(list(wanted), text)
            for text, wanted in zip(predictions, references, strict=True)
        ]
        names = self.engine.rouge_types
        return np.array([[scores[name].fmeasure for name in names] for scores in each], float)

    def score(self, rows):
        means = rows.mean(axis=0).tolist()
        return dict(zip(self.engine.rouge_types, means, strict=True))


def _check(predictions: Texts, references: References) -> None:
    if len(predictions) != len(references) or not len(predictions):
        raise ValueError(
            f"{len(predictions)} predictions and {len(references)} lists of references; give "
            "at least one prediction, and a list for each"
        )
    for i, wanted in enumerate(references):
        if isinstance(wanted, str) or not len(wanted):
            raise ValueError(
                f"the references of prediction {i} are {wanted!r}; give a list with one or more"
            )


def _counts(engine, predictions: Texts, references: References) -> np.ndarray:
    """What sacrebleu counts in each text, as it hands it to its own tests of significance."""
    _check(predictions, references)
    n = max(map(len, references))
    streams = [[r[i] if i < len(r) else None for r in references] for i in range(n)]
    return np.array(engine._extract_corpus_statistics(predictions, streams), dtype=float)


def _of_counts(engine, rows: np.ndarray):
    return engine._compute_score_from_stats([int(count) for count in rows.sum(axis=0)])
