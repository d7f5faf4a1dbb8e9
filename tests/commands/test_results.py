"""The results file and the speeds that stand in it."""

import json
from pathlib import Path

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from afterword.commands import progress
from afterword.commands.progress import Speed, product_limit, training_flops
from afterword.commands.results import Results, read_results
from afterword.model.presets import gpt2


def written(folder: Path, *, steps: range, step: int = 0) -> Path:
    results = Results(folder, header={"config": {"lr": 1}}, step=step)
    for number in steps:
        results.add("step", step=number, loss=1 / number)
    results.close()
    return folder / "results.jsonl"


def test_what_is_added_is_read_and_can_be_read_at_once(tmp_path):
    results = Results(tmp_path, header={"config": {"lr": 1}}, step=0)
    results.add("sample", step=3, text="a\nbé")
    header, rows = read_results(tmp_path / "results.jsonl")
    results.close()
    assert header == {"kind": "header", "format": 1, "config": {"lr": 1}}
    assert rows == [{"kind": "sample", "step": 3, "text": "a\nbé"}]


def test_a_resumed_file_holds_each_step_once(tmp_path):
    written(tmp_path, steps=range(1, 8))
    path = written(tmp_path, steps=range(5, 11), step=4)
    assert [row["step"] for row in read_results(path)[1]] == list(range(1, 11))


def test_tensorboard_sees_the_same_steps(tmp_path):
    written(tmp_path, steps=range(1, 8))
    written(tmp_path, steps=range(5, 11), step=4)
    events = EventAccumulator(str(tmp_path / "events")).Reload()
    assert [e.step for e in events.Scalars("step/loss")] == list(range(1, 11))


def test_at_step_0_the_file_begins_anew(tmp_path):
    written(tmp_path, steps=range(1, 8))
    path = written(tmp_path, steps=range(1, 3))
    assert [row["step"] for row in read_results(path)[1]] == [1, 2]


def test_the_line_that_a_killed_run_left_unfinished_is_no_row(tmp_path):
    path = written(tmp_path, steps=range(1, 4))
    for cut in range(1, len(json.dumps({"kind": "step", "step": 3, "loss": 1 / 3})) + 1):
        torn = tmp_path / "torn.jsonl"
        torn.write_bytes(path.read_bytes()[:-cut])
        assert [row["step"] for row in read_results(torn)[1]] == [1, 2]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "there are no results at"),
        ("", "is damaged; a header and rows as JSON lines were wanted"),
        ('{"kind": "step", "step": 1}\n', "is damaged"),
        ('{"kind": "header", "format": 1}\nnonsense\n', "is damaged"),
        ('{"kind": "header", "format": 1}\n{"loss": 1}\n', "is damaged"),
        ('{"kind": "header", "format": 2}\n', "is of format 2, this version reads 1"),
    ],
)
def test_a_file_that_is_no_results_is_refused(tmp_path, content, complaint):
    path = tmp_path / "results.jsonl"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ValueError, match=complaint):
        read_results(path)


def test_flops_of_a_step_are_six_for_each_weight_of_a_matrix_and_the_scores():
    config = gpt2()
    matrices = 12 * 12 * 768**2 + 768 * 50257
    scores = 12 * 12 * 1024 * 768
    assert training_flops(config) == 6 * matrices + scores


def test_speed_is_that_of_the_last_steps():
    speed = Speed(flops_per_token=6, limit=1200)
    speed.add(100, 100.0)  # the first is slow
    for _ in range(20):
        speed.add(100, 1.0)
    assert (speed.tokens_per_second, speed.mfu) == (100, 0.5)


def test_the_limit_is_measured_and_leaves_the_random_numbers_alone(monkeypatch):
    monkeypatch.setattr(progress, "N_CPU", 256)
    torch.manual_seed(0)
    before = torch.get_rng_state()
    limit = product_limit(torch.device("cpu"))
    assert 1e8 < limit < 1e14
    assert torch.equal(torch.get_rng_state(), before)
