"""BLEU, chrF and ROUGE as sacrebleu and rouge_score have them, and as their papers print them."""

import subprocess
import sys

import evaluate
import numpy as np
import pytest
import sacrebleu
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from rouge_score.rouge_scorer import RougeScorer
from sacrebleu.significance import _bootstrap_resample

from afterword.evaluation.bootstrap import paired
from afterword.evaluation.overlap import BLEU, ROUGE, ChrF

words = st.lists(
    st.sampled_from(["the", "a", "sea", "rose", "is", "keeps", "red", "."]), min_size=1, max_size=9
)
texts = words.map(" ".join)
corpora = st.lists(
    st.tuples(texts, st.lists(texts, min_size=1, max_size=3)), min_size=1, max_size=5
).map(lambda pairs: tuple(map(list, zip(*pairs, strict=True))))

# Papineni 2002, examples 1 and 2
GUIDE = (
    "It is a guide to action which ensures that the military always obeys the commands of the party"
)
TROOPS = "It is to insure the troops forever hearing the activity guidebook that party direct"
REFERENCES = [
    "It is a guide to action that ensures that the military will forever heed Party commands",
    "It is the guiding principle which guarantees the military forces always being under the "
    "command of the Party",
    "It is the practical guide for the army always to heed the directions of the party",
]
SEVEN = "the the the the the the the"
MAT = ["The cat is on the mat", "There is a cat on the mat"]


def streams(references):
    """As sacrebleu wants them: the first reference of all texts, the second of all, ..."""
    n = max(map(len, references))
    return [[r[i] if i < len(r) else None for r in references] for i in range(n)]


@settings(max_examples=40)
@given(corpora)
def test_bleu_and_chrf_are_those_of_sacrebleu_to_the_last_digit(corpus):
    predictions, references = corpus
    for ours, theirs in ((BLEU(), sacrebleu.BLEU()), (ChrF(), sacrebleu.CHRF())):
        (found,) = ours.compute(predictions=predictions, references=references).values()
        assert found == theirs.corpus_score(predictions, streams(references)).score


@settings(max_examples=40)
@given(corpora)
def test_rouge_is_the_mean_of_rouge_scores_best_to_the_last_digit(corpus):
    predictions, references = corpus
    scorer = RougeScorer(["rouge1", "rouge2", "rougeL"])
    found = ROUGE().compute(predictions=predictions, references=references)
    each = [scorer.score_multi(r, p) for p, r in zip(predictions, references, strict=True)]
    for name in ("rouge1", "rouge2", "rougeL"):
        assert found[name] == np.mean([scores[name].fmeasure for scores in each])


@pytest.mark.parametrize(
    ("candidate", "references", "n", "share"),
    [
        (SEVEN, MAT, 1, 2 / 7),
        (GUIDE, REFERENCES, 1, 17 / 18),
        (TROOPS, REFERENCES, 1, 8 / 14),
        (GUIDE, REFERENCES, 2, 10 / 17),
        (TROOPS, REFERENCES, 2, 1 / 13),
    ],
)
def test_the_modified_precisions_are_those_printed_in_the_paper(candidate, references, n, share):
    """The paper has Party and party, The and the, as the same word."""
    bleu = BLEU(sacrebleu.BLEU(lowercase=True, smooth_method="none"))
    rows = bleu.statistics([candidate], [references])
    assert bleu.precisions(rows)[n - 1] == pytest.approx(100 * share)


def test_seven_times_the_has_no_pair_in_common_and_so_a_bleu_of_0():
    bleu = BLEU(sacrebleu.BLEU(lowercase=True, smooth_method="none"))
    assert bleu.compute(predictions=[SEVEN], references=[MAT]) == {"bleu": 0}


@pytest.mark.parametrize(
    ("candidate", "longest", "pairs"),
    [("police kill the gunman", 3 / 4, 1 / 3), ("the gunman kill police", 2 / 4, 1 / 3)],
)
def test_rouge_l_tells_apart_what_rouge_2_does_not_as_lin_has_it(candidate, longest, pairs):
    """Lin 2004, section 3.1: one pair in common, "the gunman", but another order."""
    found = ROUGE().compute(predictions=[candidate], references=[["police killed the gunman"]])
    assert found["rougeL"] == pytest.approx(longest)
    assert found["rouge2"] == pytest.approx(pairs)


def test_of_two_common_subsequences_only_the_longer_counts_as_lin_has_it():
    """His fourth sentence: "the gunman police killed" is worth no more than the third."""
    scores = ROUGE().compute(
        predictions=["the gunman police killed"], references=[["police killed the gunman"]]
    )
    assert scores["rougeL"] == pytest.approx(2 / 4)


@pytest.mark.parametrize(
    ("candidate", "reference", "printed"),
    [
        (GUIDE, REFERENCES[0], 63.49),
        (TROOPS, REFERENCES[0], 33.30),
        (SEVEN, "the cat is on the mat", 14.68),
    ],
)
def test_chrf_is_what_the_documentation_of_nltk_prints(candidate, reference, printed):
    """nltk.translate.chrf_score, by the metric's author: β = 3, the mean of the orders' F.

    It prints four digits and cuts off the rest.
    """
    chrf = ChrF(sacrebleu.CHRF(beta=3, eps_smoothing=True))
    (found,) = chrf.compute(predictions=[candidate], references=[[reference]]).values()
    assert printed <= found < printed + 0.01


@pytest.mark.parametrize("metric", [BLEU, ChrF, ROUGE])
def test_a_copy_has_the_highest_score_and_nothing_in_common_the_lowest(metric):
    copy = metric().compute(predictions=[GUIDE], references=[[*REFERENCES, GUIDE]])
    other = metric().compute(predictions=["123"], references=[REFERENCES])
    highest = 1 if metric is ROUGE else 100
    assert list(copy.values()) == pytest.approx([highest] * len(copy))
    assert set(other.values()) == {0}


@settings(max_examples=5)  # each goes through Arrow 30 times
@given(corpora)
def test_together_one_by_one_and_in_batches_they_say_the_same(corpus):
    predictions, references = corpus
    together = evaluate.combine([BLEU(), ChrF(), ROUGE()])
    whole = together.compute(predictions=predictions, references=references)
    assert list(whole) == ["bleu", "chrf", "rouge1", "rouge2", "rougeL"]
    for prediction, wanted in zip(predictions, references, strict=True):
        together.add(prediction=prediction, reference=wanted)
    assert together.compute() == whole
    for i in range(0, len(predictions), 2):
        together.add_batch(predictions=predictions[i : i + 2], references=references[i : i + 2])
    assert together.compute() == whole
    alone = [
        metric().compute(predictions=predictions, references=references)
        for metric in (BLEU, ChrF, ROUGE)
    ]
    assert alone[0] | alone[1] | alone[2] == whole


@settings(max_examples=20)
@pytest.mark.parametrize("metric", [BLEU, ChrF, ROUGE])
@given(corpora)
def test_the_score_is_made_of_the_counts_of_the_texts(metric, corpus):
    """So that texts can be drawn again: in any order, and each twice, the counts say the same."""
    one = metric()
    rows = one.statistics(*corpus)
    assert len(rows) == len(corpus[0])
    whole = one.compute(predictions=corpus[0], references=corpus[1])
    assert one.score(rows) == whole
    assert one.score(rows[::-1]) == pytest.approx(whole)
    twice = one.compute(predictions=corpus[0] * 2, references=corpus[1] * 2)
    assert one.score(np.concatenate([rows, rows])) == pytest.approx(twice)


def heap(rng, n=60):
    """Predictions that keep each word of their references with a probability of ¾."""
    vocabulary = np.array(
        ["the", "a", "sea", "rose", "is", "keeps", "red", "takes", "night", "and", "day", "of"]
    )
    wanted = vocabulary[torch.randint(12, (n, 12), generator=rng).numpy()]
    kept = (torch.rand(n, 12, generator=rng) < 0.75).numpy()
    said = np.where(kept, wanted, "x")
    return [" ".join(row) for row in said], [[" ".join(row)] for row in wanted]


def test_the_interval_of_corpus_bleu_is_as_wide_as_sacrebleus_own(rng):
    """Theirs is the middle 95 % of 1,000 resampled scores; ours a little wider for 60 texts."""
    predictions, references = heap(rng)
    ours = BLEU()
    low, high = ours.interval(predictions, references, rng=rng)["bleu"]
    theirs = sacrebleu.BLEU()
    stats = theirs._extract_corpus_statistics(predictions, streams(references))
    _, scores = _bootstrap_resample(stats, theirs, 1000)
    theirs_low, theirs_high = np.quantile([score.score for score in scores], [0.025, 0.975])
    score = ours.compute(predictions=predictions, references=references)["bleu"]
    assert low < score < high
    assert (high - low) / (theirs_high - theirs_low) == pytest.approx(1.03, abs=0.15)


def test_each_score_has_an_interval(rng):
    predictions, references = heap(rng, 20)
    for metric in (BLEU(), ChrF(), ROUGE()):
        ends = metric.interval(predictions, references, rng=rng, n_resamples=50)
        scores = metric.compute(predictions=predictions, references=references)
        assert ends.keys() == scores.keys()
        assert all(low < scores[name] < high for name, (low, high) in ends.items())


def test_two_models_are_compared_by_corpus_bleu_on_the_same_texts(rng):
    better, references = heap(rng)
    worse = [" ".join(text.split()[:4] + ["x"] * 8) for text in better]
    bleu = BLEU()
    ours, theirs = (bleu.statistics(each, references) for each in (better, worse))
    found = paired(
        ours, theirs, statistic=lambda rows: bleu.score(rows)["bleu"], rng=rng, n_resamples=100
    )
    scores = [bleu.score(rows)["bleu"] for rows in (ours, theirs)]
    assert found.difference == pytest.approx(scores[0] - scores[1])
    assert 0 < found.low < found.difference < found.high
    assert found.p == 1 / 101


@pytest.mark.parametrize("metric", [BLEU, ChrF, ROUGE])
@pytest.mark.parametrize(
    ("predictions", "references", "message"),
    [
        (["a", "b"], [["a"]], r"in the number of predictions \(2\) and references \(1\)"),
        (["a"], ["a"], "Got a string but expected a list instead: 'a'"),
        ([], [], "0 predictions and 0 lists of references; give at least one"),
        (["a", "b"], [["a"], []], r"references of prediction 1 are \[\]; give a list with one"),
    ],
)
def test_what_cannot_be_compared_is_refused(metric, predictions, references, message):
    with pytest.raises(ValueError, match=message):
        metric().compute(predictions=predictions, references=references)


@pytest.mark.parametrize("metric", [BLEU, ChrF, ROUGE])
def test_the_counts_of_what_cannot_be_compared_are_refused_too(metric):
    with pytest.raises(ValueError, match="2 predictions and 1 lists of references"):
        metric().statistics(["a", "b"], [["a"]])
    with pytest.raises(ValueError, match="the references of prediction 0 are 'a'; give a list"):
        metric().statistics(["a"], ["a"])


def test_after_a_refusal_the_metric_still_works():
    bleu = BLEU()
    with pytest.raises(ValueError, match="Mismatch"):
        bleu.compute(predictions=["a", "b"], references=[["a"]])
    assert bleu.compute(predictions=[GUIDE], references=[[GUIDE]]) == {"bleu": pytest.approx(100)}


@pytest.mark.slow
def test_nothing_is_asked_of_a_hub_or_written_to_the_home_folder(tmp_path):
    code = (
        "import socket\n"
        "def refuse(*_): raise OSError('no network here')\n"
        "socket.socket.connect = refuse\n"
        "import evaluate\n"
        "from afterword.evaluation.overlap import BLEU, ChrF, ROUGE\n"
        "m = evaluate.combine([BLEU(), ChrF(), ROUGE()])\n"
        "print(len(m.compute(predictions=['a b'], references=[['a b', 'c']])))\n"
    )
    path = ":".join(sys.path)
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"HOME": str(tmp_path), "PYTHONPATH": path, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    assert done.stdout == "5\n"
    assert list(tmp_path.rglob("*")) == []
