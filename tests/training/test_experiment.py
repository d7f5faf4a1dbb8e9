import json
import os
import sys
import time
from multiprocessing import get_context

import nbformat
import numpy as np
import pandas as pd
import pytest
import torch
from nbclient import NotebookClient

from afterword.training import experiment, tables
from afterword.training.experiment import run
from afterword.training.tables import read_table

GRID = {"optimizer": ["adamw", "muon"], "lr": [0.1, 0.01]}
CALLS = [(o, lr, seed) for o in GRID["optimizer"] for lr in GRID["lr"] for seed in (0, 1)]


class Log:
    """What was called; an object of ours, so that it is no part of a function's fingerprint."""

    def __init__(self):
        self.calls = []


LOG = Log()


def trial(optimizer, lr, *, seed):
    LOG.calls.append((optimizer, lr, seed))
    return {"loss": lr + seed + (optimizer == "muon")}


@pytest.fixture(autouse=True)
def _fresh(monkeypatch, tmp_path):
    for name in ("AFTERWORD_RUNS", "AFTERWORD_RECOMPUTE", "AFTERWORD_COMMAND"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AFTERWORD_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(experiment, "COMMITTED", tmp_path / "committed")
    LOG.calls.clear()


@pytest.fixture
def committed(tmp_path, monkeypatch):
    """A committed table of the whole grid."""
    monkeypatch.setenv("AFTERWORD_RUNS", str(tmp_path / "committed"))
    run(trial, GRID, seeds=range(2), table="tiny")
    monkeypatch.delenv("AFTERWORD_RUNS")
    LOG.calls.clear()
    return tmp_path / "committed/tiny.json"


def test_each_point_is_called_once_with_each_seed_and_makes_a_row():
    frame = run(trial, GRID, seeds=range(2))
    assert LOG.calls == CALLS
    assert list(frame.columns) == ["optimizer", "lr", "seed", "loss"]
    wanted = [(o, lr, seed, lr + seed + (o == "muon")) for o, lr, seed in CALLS]
    assert list(frame.itertuples(index=False, name=None)) == wanted


def test_the_points_of_a_curve_are_rows_of_their_own():
    def curve(*, seed):
        return [{"step": step, "loss": torch.tensor(0.5)} for step in np.arange(3)]

    frame = run(curve, {}, seeds=[7])
    wanted = pd.DataFrame({"seed": [7] * 3, "step": [0, 1, 2], "loss": [0.5] * 3})
    pd.testing.assert_frame_equal(frame, wanted)


def test_no_call_is_made_twice_and_a_larger_grid_makes_the_new_ones_only(tmp_path, capsys):
    first = run(trial, GRID, seeds=range(2), table="tiny")
    LOG.calls.clear()
    pd.testing.assert_frame_equal(run(trial, GRID, seeds=range(2), table="tiny"), first)
    assert LOG.calls == []
    assert capsys.readouterr().out == ""
    run(trial, GRID | {"lr": [0.01, 0.5]}, seeds=[1], table="tiny")
    assert LOG.calls == [("adamw", 0.5, 1), ("muon", 0.5, 1)]
    assert capsys.readouterr().out == (
        "The table tiny lacks some: 2 of 4 calls come from this machine.\n"
    )
    assert [f.name for f in (tmp_path / "cache/runs").iterdir()] == ["tiny.json"]
    assert len(read_table(tmp_path / "cache/runs/tiny.json").rows) == 10


def test_numbers_that_are_equal_but_not_the_same_are_different_points(tmp_path):
    def kind(n, *, seed):
        return {"kind": type(n).__name__}

    frame = run(kind, {"n": [1, 1.0, True]}, seeds=[0], table=tmp_path / "kinds.json")
    assert list(frame["kind"]) == ["int", "float", "bool"]


def test_an_interrupted_experiment_continues_where_it_was(tmp_path):
    def slow(n, *, seed):
        LOG.calls.append(n)
        if len(LOG.calls) == 3:
            raise KeyboardInterrupt
        return {"n2": n * n}

    file = tmp_path / "runs.json"
    with pytest.raises(KeyboardInterrupt):
        run(slow, {"n": [1, 2, 3, 4]}, seeds=[0], table=file)
    frame = run(slow, {"n": [1, 2, 3, 4]}, seeds=[0], table=file)
    assert LOG.calls == [1, 2, 3, 3, 4]
    assert list(frame["n2"]) == [1, 4, 9, 16]


def counted(n, *, seed):
    with open("calls.txt", "a") as file:
        print(n, file=file)
    time.sleep(0.002)
    return [{"step": i, "loss": n + i} for i in range(100)]


def test_an_experiment_killed_at_any_moment_continues_where_it_was(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    calls, table = tmp_path / "calls.txt", tmp_path / "runs.json"
    calls.touch()
    rng, n_kills = np.random.default_rng(0), 6
    for _ in range(n_kills):
        n_before = len(calls.read_text().split())
        process = get_context("fork").Process(
            target=run, args=(counted, {"n": range(20)}), kwargs=dict(seeds=[0], table=table)
        )
        process.start()
        while len(calls.read_text().split()) <= n_before:
            assert process.is_alive()
            time.sleep(0.001)
        time.sleep(rng.uniform(0, 0.01))  # in the call, or while its rows are written
        process.kill()
        process.join()
    frame = run(counted, {"n": range(20)}, seeds=[0], table=table)
    assert list(frame["loss"]) == [n + i for n in range(20) for i in range(100)]
    made = calls.read_text().split()
    assert sorted(set(made), key=int) == [str(n) for n in range(20)]
    assert n_before < len(made) <= 20 + n_kills, "only the call that was killed is made again"


def test_an_error_names_the_point_and_the_seed_and_what_came_before_is_kept(tmp_path):
    def fails(lr, *, seed):
        if seed == 2:
            raise ZeroDivisionError("the loss is nan")
        return {"loss": lr}

    file = tmp_path / "runs.json"
    with pytest.raises(ZeroDivisionError) as caught:
        run(fails, {"lr": [0.5]}, seeds=range(4), table=file)
    (note,) = caught.value.__notes__
    assert note == f"This was fails(lr=0.5, seed=2); the calls before it are kept in {file}."
    assert [row["seed"] for row in read_table(file).rows] == [0, 1]


def test_what_is_in_the_committed_table_is_loaded_and_nothing_runs(committed, capsys, tmp_path):
    before = committed.read_bytes()
    frame = run(trial, GRID, seeds=range(2), table="tiny")
    assert LOG.calls == []
    assert list(frame["loss"]) == [lr + seed + (o == "muon") for o, lr, seed in CALLS]
    assert frame.attrs["machine"] == tables.this_machine()
    assert frame.attrs["date"] == tables.today()
    assert capsys.readouterr().out == ""
    assert committed.read_bytes() == before
    assert not (tmp_path / "cache").exists()


def test_a_committed_table_of_another_function_is_said_to_be_stale(committed, capsys, tmp_path):
    def changed():
        def trial(optimizer, lr, *, seed):
            LOG.calls.append((optimizer, lr, seed))
            return {"loss": 2 * lr + seed + (optimizer == "muon")}

        return trial

    before = committed.read_bytes()
    frame = run(changed(), GRID, seeds=range(2), table="tiny")
    assert len(LOG.calls) == 8
    assert frame["loss"][0] == 0.2
    assert capsys.readouterr().out == (
        f"The table tiny is stale (trial has changed since {tables.today()}): "
        "8 of 8 calls come from this machine.\n"
    )
    assert committed.read_bytes() == before
    assert len(read_table(tmp_path / "cache/runs/tiny.json").rows) == 8
    run(changed(), GRID, seeds=range(2), table="tiny")
    assert len(LOG.calls) == 8, "kept, though not in the committed table"
    assert "is stale" in capsys.readouterr().out


def test_all_is_computed_anew_on_request(committed, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("AFTERWORD_RUNS", str(tmp_path / "committed"))
    monkeypatch.setenv("AFTERWORD_COMMAND", "python again.py")
    old = json.loads(committed.read_text())
    old["rows"][3]["loss"] = 99.0
    committed.write_text(json.dumps(old))
    assert run(trial, GRID, seeds=range(2), table="tiny")["loss"][3] == 99.0
    monkeypatch.setenv("AFTERWORD_RECOMPUTE", "0")
    assert run(trial, GRID, seeds=range(2), table="tiny")["loss"][3] == 99.0
    monkeypatch.setenv("AFTERWORD_RECOMPUTE", "1")
    frame = run(trial, GRID, seeds=range(2), table="tiny")
    assert LOG.calls == CALLS
    assert frame.attrs["command"] == "python again.py"
    new = read_table(committed)
    assert sorted(row["loss"] for row in new.rows) == sorted(frame["loss"])
    assert (list(new.seeds), new.command) == ([0, 1], "python again.py")
    assert capsys.readouterr().out == ""


def test_what_several_machines_have_made_names_them(committed, monkeypatch, tmp_path):
    monkeypatch.setenv("AFTERWORD_RUNS", str(tmp_path / "committed"))
    here = tables.this_machine()
    monkeypatch.setattr(experiment, "this_machine", lambda: "another")
    frame = run(trial, GRID, seeds=range(3), table="tiny")
    assert frame.attrs["machine"] == f"{here}; another"
    assert read_table(committed).machine == f"{here}; another"
    assert list(read_table(committed).seeds) == [0, 1, 2]


def test_the_command_is_the_one_that_was_typed(monkeypatch):
    monkeypatch.setattr(sys, "orig_argv", ["/usr/bin/python3.11", "-m", "book.runs", "--n", "5"])
    assert tables.this_command() == "python -m book.runs --n 5"
    kernel = ["/usr/bin/python3", "-m", "ipykernel_launcher", "-f", "/home/me/kernel.json"]
    monkeypatch.setattr(sys, "orig_argv", kernel)
    assert tables.this_command() == "a notebook"
    monkeypatch.setenv("AFTERWORD_COMMAND", "make runs")
    assert tables.this_command() == "make runs"


def test_a_write_that_fails_leaves_what_was(tmp_path, monkeypatch):
    file = tmp_path / "runs.json"
    run(trial, GRID, seeds=[0], table=file)
    before = file.read_bytes()

    def full(*paths):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        run(trial, GRID, seeds=[1], table=file)
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.slow  # a kernel is started
def test_a_function_of_a_notebook_is_known_by_its_cell(tmp_path):
    start = "from afterword.training.experiment import run"
    start += "\nclass Log:\n    pass\nlog = Log()\nlog.n = 0"
    trial = "def trial(n, *, seed):\n    log.n += 1\n    return {'n2': n * n}"
    commented = trial.replace("log.n += 1", "log.n  +=  1  # count")
    changed = trial.replace("n * n", "n * n + 1")
    ask = "frame = run(trial, {'n': [1, 2]}, seeds=[0], table='cell')\n"
    ask += "print(log.n, list(frame['n2']), frame.attrs['command'])"
    cells = [start, trial, ask, commented, ask, changed, ask]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    resources = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, kernel_name="python3", resources=resources).execute()
    first, second, third = (
        "".join(output.text for output in notebook.cells[i].outputs) for i in (2, 4, 6)
    )
    assert first == second == "2 [1, 4] a notebook\n"
    assert "stale" in third
    assert third.endswith("4 [2, 5] a notebook\n")


def no_record(*, seed):
    return 3.0


def nothing(*, seed):
    return []


def no_number(*, seed):
    return {"loss": float("nan")}


def matrix(*, seed):
    return {"loss": [1, 2]}


def seeded(*, seed):
    return {"seed": 2}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(function=lambda seed: {}), "a function made by `def` was wanted"),
        (dict(grid={"lr": []}), r"lr has the values \[\]: want at least one, and none twice"),
        (dict(grid={"lr": [1, 2, 1]}), "none twice"),
        (dict(seeds=[1, 1]), "none twice"),
        (dict(seeds=[True]), "seeds are whole numbers"),
        (dict(grid={"seed": [1]}), "and not in the grid"),
        (dict(grid={"lr": [trial]}), "where a finite number or text was wanted"),
        (dict(table="../tiny"), "a table's name has letters, digits"),
        (dict(function=no_record, grid={}), "'float' object is not iterable"),
        (dict(function=nothing, grid={}), r"returned \[\]; a dict or a list of dicts was wanted"),
        (dict(function=no_number, grid={}), "nan came where a finite number"),
        (dict(function=matrix, grid={}), r"\[1, 2\] came where a finite number"),
        (dict(function=seeded, grid={}), r"returned \['seed'\], as the call has: rename them"),
    ],
)
def test_bad_input_is_refused(arguments, message):
    with pytest.raises((ValueError, TypeError), match=message):
        run(**(dict(function=trial, grid=GRID, seeds=[0]) | arguments))


def test_another_function_needs_a_table_of_its_own(tmp_path):
    run(trial, GRID, seeds=[0], table=tmp_path / "runs.json")
    with pytest.raises(ValueError, match="holds runs of 'trial', and 'seeded' came"):
        run(seeded, {}, seeds=[0], table=tmp_path / "runs.json")


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:-30],
        lambda text: text.replace('"machine"', '"machin"'),
        lambda text: text.replace('"seeds": [0]', '"seeds": [1]'),
        lambda text: "[]",
    ],
    ids=["cut short", "no machine", "other seeds", "no object"],
)
def test_a_damaged_table_is_refused(tmp_path, damage):
    file = tmp_path / "runs.json"
    run(trial, GRID, seeds=[0], table=file)
    file.write_text(damage(file.read_text()))
    with pytest.raises(ValueError, match=r"runs\.json is damaged .*Restore it, or delete it"):
        run(trial, GRID, seeds=[0], table=file)
