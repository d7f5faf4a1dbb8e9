"""A run that stops and goes on is the run that never stopped.

Run as a script, this file is the run that is killed fifty times.
"""

import errno
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import nn

from afterword.model.gpt import GPT
from afterword.model.presets import gpt2, small
from afterword.text.batches import random_batches
from afterword.training import checkpoints, folders
from afterword.training.checkpoints import load_checkpoint, newest, save_checkpoint
from afterword.training.loop import train
from afterword.training.machines import OneDevice
from afterword.training.optimizers import adamw, muon
from afterword.training.schedules import Cosine
from afterword.training.state import pack, unpack, weights

N_KILLS = 50
N_STEPS = 200


class Noisy(nn.Module):
    """A GPT whose steps depend on every source of random numbers there is."""

    def __init__(self, config):
        super().__init__()
        self.gpt = GPT(config)
        self.register_buffer("n_calls", torch.zeros(()))

    def forward(self, ids):
        self.n_calls += 1
        logits = F.dropout(self.gpt(ids), 0.1, self.training)
        return logits * (1 + 0.1 * random.random() + 0.1 * np.random.rand())  # noqa: NPY002


def tiny(preset=small, **changes):
    return preset(vocab_size=11, context_length=8, d_model=16, n_layers=1, n_heads=2, **changes)


def seed(number):
    random.seed(number)
    np.random.seed(number)  # noqa: NPY002
    torch.manual_seed(number)


class Run:
    """Model, optimizer, batches and machine of a run, freshly made."""

    def __init__(self, *, make=muon, config=None, machine=None):
        seed(1)
        self.model = Noisy(config or tiny())
        rates = dict(lr=0.02, adam_lr=3e-3) if make is muon else dict(lr=1e-2)
        self.optimizer, self.machine = make(self.model, **rates), machine
        self.rng = torch.Generator().manual_seed(2)
        ids = torch.randint(11, (500,), generator=torch.Generator().manual_seed(3))
        self.batches = random_batches(ids, context_length=8, batch_size=4, rng=self.rng)

    @property
    def parts(self):
        return dict(
            model=self.model,
            optimizer=self.optimizer,
            machine=self.machine,
            rngs={"data": self.rng},
        )

    def steps(self, n_steps, start=0, until=None):
        return [step.loss for step in self.iterate(n_steps, start, until)]

    def iterate(self, n_steps, start=0, until=None):
        schedule = Cosine(n_steps=n_steps, n_warmup=2)
        loop = train(
            self.model,
            self.batches,
            optimizer=self.optimizer,
            schedule=schedule,
            start=start,
            max_norm=1.0,
            machine=self.machine,
        )
        for step in loop:
            yield step
            if step.number == until:
                return


def same(a, b):
    a, b = weights(a), weights(b)
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A run of four steps, saved after the third and the fourth."""
    folder, run = tmp_path_factory.mktemp("run"), Run()
    for step in run.iterate(4):
        if step.number >= 3:
            files, extra = {"config.toml": "a = 1\n"}, {"best": 2.5}
            save_checkpoint(folder, step=step.number, files=files, extra=extra, **run.parts)
    return folder


@pytest.fixture
def folder(saved, tmp_path):
    return shutil.copytree(saved, tmp_path / "run")


# going on


@pytest.mark.parametrize("make", [adamw, muon])
def test_a_run_that_is_resumed_is_the_unbroken_one_bit_for_bit(make, tmp_path):
    unbroken = Run(make=make)
    losses = unbroken.steps(12, until=6)
    losses += unbroken.steps(12, start=6)  # begun anew, as the type checks of the tests draw, too
    first = Run(make=make)
    assert first.steps(12, until=6) == losses[:6]
    save_checkpoint(tmp_path, step=6, **first.parts)
    second = Run(make=make)
    seed(99)
    assert load_checkpoint(tmp_path, **second.parts).step == 6
    assert second.steps(12, start=6) == losses[6:]
    assert same(second.model, unbroken.model)


def test_a_run_without_its_random_numbers_would_be_another_one(tmp_path):
    losses = Run().steps(12)
    first = Run()
    first.steps(12, until=6)
    save_checkpoint(tmp_path, step=6, **first.parts)
    spoils = [
        lambda run: random.seed(0),
        lambda run: np.random.seed(0),  # noqa: NPY002
        lambda run: torch.manual_seed(0),
        lambda run: run.rng.manual_seed(0),
    ]
    for spoil in spoils:
        run = Run()
        load_checkpoint(tmp_path, **run.parts)
        spoil(run)
        assert run.steps(12, start=6, until=7) != losses[6:7]


def test_every_source_of_random_numbers_goes_on_where_it_stood(tmp_path):
    run, other = Run(), torch.Generator().manual_seed(5)

    def draw():
        return [
            random.random(),
            random.gauss(0, 1),
            np.random.rand(),  # noqa: NPY002
            np.random.randn(),  # noqa: NPY002
            torch.rand(()).item(),
            torch.rand((), generator=run.rng).item(),
            torch.rand((), generator=other).item(),
        ]

    draw()  # a second normal number is now kept back by Python, and one by NumPy
    parts, python = run.parts | {"rngs": {"data": run.rng, "samples": other}}, random.getstate()
    save_checkpoint(tmp_path, step=1, **parts)
    random.setstate(python)  # the type checks of the tests drew
    expected = [draw() for _ in range(3)]
    load_checkpoint(tmp_path, **parts)
    assert [draw() for _ in range(3)] == expected


def test_a_saved_run_brings_back_step_files_and_extra(saved):
    found = load_checkpoint(saved, **Run().parts)
    assert (found.step, found.path) == (4, saved / "step-000004")
    assert found.files == {"config.toml": "a = 1\n"}
    assert found.extra == {"best": 2.5}
    assert load_checkpoint(saved / "step-000003", **Run().parts).step == 3


def test_tied_weights_are_saved_once_and_stay_tied(tmp_path):
    config = tiny(gpt2)
    run = Run(make=adamw, config=config)
    run.steps(4)
    path = save_checkpoint(tmp_path, step=4, **run.parts)
    names = load_file(path / "model.safetensors").keys()
    assert "gpt.embedding.weight" in names
    assert "gpt.unembedding.weight" not in names
    again = Run(make=adamw, config=config)
    load_checkpoint(tmp_path, **again.parts)
    assert again.model.gpt.unembedding.weight is again.model.gpt.embedding.weight
    assert same(again.model, run.model)


@pytest.mark.slow
def test_a_compiled_model_and_its_bare_self_share_checkpoints(tmp_path):
    run, again = Run(), Run()
    run.steps(3)
    compiled = torch.compile(run.model)
    save_checkpoint(tmp_path, step=2, **run.parts | {"model": compiled})
    load_checkpoint(tmp_path, **again.parts)
    assert same(again.model, run.model)


def test_the_loss_scale_of_float16_goes_on(tmp_path):
    run = Run(machine=OneDevice(dtype=torch.float16))
    run.machine.scaler = torch.amp.GradScaler("cpu", init_scale=256.0, growth_interval=3)
    run.steps(12, until=5)
    assert run.machine.scaler.get_scale() == 512.0
    save_checkpoint(tmp_path, step=5, **run.parts)
    again = Run(machine=OneDevice(dtype=torch.float16))
    load_checkpoint(tmp_path, **again.parts)
    assert again.machine.scaler.state_dict() == run.machine.scaler.state_dict()
    with pytest.raises(ValueError, match="saved with the loss scaling of float16, and now trains"):
        load_checkpoint(tmp_path, **Run().parts)


def test_any_state_of_an_optimizer_survives_as_json_and_tensors():
    tensors = {}
    tree = {0: {"step": torch.tensor(2.0)}, "groups": [{"betas": (0.9, None), "fused": True}]}
    packed = json.loads(json.dumps(pack(tree, "state", tensors)))
    assert unpack(packed, tensors) == tree
    with pytest.raises(ValueError, match=r"state\.a is a function, which a checkpoint cannot hold"):
        pack({"a": seed}, "state", {})


def test_the_sums_are_what_sha256sum_reads(saved):
    done = subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=saved / "step-000004", check=False
    )
    assert done.returncode == 0


# which stay


def test_only_the_newest_stay_and_never_goes_the_one_just_written(tmp_path):
    run = Run()
    for step in (9, 10, 11, 1_000_000):
        save_checkpoint(tmp_path, step=step, n_kept=2, **run.parts)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["step-000011", "step-1000000"]
    assert newest(tmp_path).name == "step-1000000"
    save_checkpoint(tmp_path, step=5, n_kept=2, **run.parts)
    assert (tmp_path / "step-000005").exists()
    assert newest(tmp_path / "nothing") is None


def test_a_step_saved_again_replaces_what_was_there_and_leaves_nothing_beside(tmp_path):
    run = Run()
    for name in ("first", "second"):
        save_checkpoint(tmp_path, step=3, extra={"name": name}, **run.parts)
    assert [path.name for path in tmp_path.iterdir()] == ["step-000003"]
    assert load_checkpoint(tmp_path, **run.parts).extra == {"name": "second"}


def test_a_kill_while_a_step_is_replaced_leaves_the_old_one_to_go_on_from(folder):
    (folder / "step-000004").rename(folder / "step-000004.old")
    assert load_checkpoint(folder, **Run().parts).step == 4
    save_checkpoint(folder, step=4, extra={"again": True}, **Run().parts)
    assert sorted(p.name for p in folder.iterdir()) == ["step-000003", "step-000004"]


def test_what_dead_writers_left_is_removed_and_what_a_live_one_writes_is_not(folder):
    dead = subprocess.Popen(["true"])
    dead.wait()
    for process in (dead.pid, os.getpid(), os.getppid()):
        (folder / f".step-000005.{process}.part").mkdir()
    save_checkpoint(folder, step=5, **Run().parts)
    assert [p.name for p in folder.glob(".*")] == [f".step-000005.{os.getppid()}.part"]


# what does not fit


def changed(path, **changes):
    state = json.loads((path / "state.json").read_text())
    data = json.dumps(state | changes).encode()
    sums = (path / "SHA256SUMS").read_text().splitlines()
    sums = [line for line in sums if not line.endswith("state.json")]
    (path / "state.json").write_bytes(data)
    sums.append(f"{hashlib.sha256(data).hexdigest()}  state.json")
    (path / "SHA256SUMS").write_text("\n".join(sums) + "\n")


def refused(folder, match, **parts):
    """The message, and that a refusal changes nothing."""
    run = Run()
    before, draws = Run(), torch.get_rng_state()
    with pytest.raises(ValueError, match=match):
        load_checkpoint(folder, **run.parts | parts)
    assert same(run.model, before.model)
    assert torch.equal(torch.get_rng_state(), draws)


def test_another_format_is_refused_by_its_number(folder):
    changed(folder / "step-000004", format=7)
    refused(folder, r"has format 7, this afterword \(.*\) reads format 1; load it with afterword 0")


def test_another_model_is_refused_by_the_first_weight_that_differs(folder):
    wide = Noisy(small(vocab_size=11, context_length=8, d_model=24, n_layers=1, n_heads=2))
    match = r"'gpt.blocks.0.attention.key.weight' is \(16, 16\) float32 in the checkpoint and"
    refused(folder, match, model=wide)
    refused(folder, "model has 'gpt.blocks.1.*the checkpoint has not", model=deep())
    refused(folder, "model has 'bias', the checkpoint has not", model=nn.Linear(2, 2))
    refused(
        folder, r"float32 in the checkpoint and .*float64 in the model", model=Run().model.double()
    )


def deep():
    return Noisy(small(vocab_size=11, context_length=8, d_model=16, n_layers=2, n_heads=2))


def test_another_optimizer_is_refused_by_name(folder):
    other = adamw(Run().model, lr=1e-2)
    match = r"with the optimizer Together\(Muon, AdamW\), given was AdamW; make the same one"
    refused(folder, match, optimizer=other)


def test_other_generators_are_refused_by_name(folder):
    refused(folder, r"has the generators \['data'\], given were \[\]", rngs={})


def test_a_generator_of_another_kind_of_device_is_refused(folder):
    state = json.loads((folder / "step-000004/state.json").read_text())
    state["rngs"][0]["generators"]["data"] = "AAAAAAAAAAAAAAAAAAAAAA=="  # 16 bytes, as on CUDA
    changed(folder / "step-000004", rngs=state["rngs"])
    refused(folder, "the generator 'data' is on cpu and was on another kind of device when it was")


def test_a_model_with_a_state_that_is_no_tensor_is_refused(tmp_path):
    class Odd(nn.Linear):
        def get_extra_state(self):
            return {"n": 1}

    odd = Odd(2, 2)
    with pytest.raises(ValueError, match=r"'_extra_state' is a dict; only tensors can be saved"):
        save_checkpoint(tmp_path, step=1, model=odd, optimizer=adamw(odd, lr=0.1))


def test_a_missing_checkpoint_is_named(tmp_path):
    refused(tmp_path, "there is no checkpoint in .*a run saves them as step-000500")
    refused(tmp_path / "step-000009", "there is no checkpoint in .*step-000009")


FILES = ("model.safetensors", "optimizer.safetensors", "state.json", "config.toml", "SHA256SUMS")


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(folder, name):
    (folder / "step-000004" / name).unlink()
    refused(folder, f"step-000004 is not whole: {name} is missing; copy it here again, or remove")


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("where", [0, 0.5, 1])
def test_a_file_cut_short_is_named(folder, name, where):
    file = folder / "step-000004" / name
    data = file.read_bytes()
    file.write_bytes(data[: min(int(where * len(data)), len(data) - 2)])
    refused(folder, "step-000004 (is damaged|is not whole|holds)")


@pytest.mark.parametrize("name", FILES)
def test_a_file_with_one_wrong_byte_is_named(folder, name):
    file = folder / "step-000004" / name
    for place in random.Random(0).sample(range(file.stat().st_size), 6):
        data = bytearray(file.read_bytes())
        data[place] ^= 1 + place % 255
        file.write_bytes(data)
        with pytest.raises(ValueError, match=r"step-000004 (is|has|holds)"):
            load_checkpoint(folder, **Run().parts)
        data[place] ^= 1 + place % 255
        file.write_bytes(data)
    assert load_checkpoint(folder, **Run().parts).step == 4


def test_a_file_that_does_not_belong_there_is_named(folder):
    (folder / "step-000004" / "notes.txt").write_text("hello")
    refused(folder, r"holds notes\.txt, which SHA256SUMS does not name")


def test_another_torch_is_printed_and_goes_on(folder, capsys):
    state = json.loads((folder / "step-000004/state.json").read_text())
    load_checkpoint(folder, **Run().parts)
    assert capsys.readouterr().out == ""
    changed(folder / "step-000004", versions=state["versions"] | {"torch": "2.4.0"})
    assert load_checkpoint(folder, **Run().parts).step == 4
    assert capsys.readouterr().out == (
        f"step-000004 was saved with torch 2.4.0 (here {state['versions']['torch']}): the run goes "
        "on, but need not be bit for bit the one that would have been.\n"
    )


def test_another_number_of_processes_is_printed_and_goes_on(folder, capsys):
    state = json.loads((folder / "step-000004/state.json").read_text())
    changed(folder / "step-000004", rngs=state["rngs"] * 2)
    assert load_checkpoint(folder, **Run().parts).step == 4
    assert "saved with 2 processes (here 1): the run goes on" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        (dict(step=-1), "step must be at least 0 and n_kept at least 1, got -1, 2"),
        (dict(n_kept=0), "step must be at least 0 and n_kept at least 1, got 3, 0"),
        (dict(files={"state.json": ""}), "cannot be called 'state.json'; take another name"),
        (dict(files={"a/b": ""}), "cannot be called 'a/b'; take another name"),
        (dict(extra={"a": {1}}), "extra must be what JSON can hold: .*set is not JSON"),
    ],
)
def test_bad_arguments_are_refused(tmp_path, changes, match):
    with pytest.raises(ValueError, match=match):
        save_checkpoint(tmp_path, **dict(step=3) | Run().parts | changes)
    assert not list(tmp_path.iterdir())


# a full disk


@pytest.mark.parametrize("n_writes", range(5))
def test_a_full_disk_leaves_the_checkpoint_before_as_it_was(folder, monkeypatch, n_writes):
    """It may show at any write; with some file systems not before the data are forced out."""
    synced, left = os.fsync, [n_writes]

    def fsync(descriptor):
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        synced(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    match = r"no room for step-000005: \d+ bytes were to be written in .*, where \d+ are free"
    with pytest.raises(ValueError, match=match):
        save_checkpoint(folder, step=5, **Run().parts)
    assert sorted(path.name for path in folder.iterdir()) == ["step-000003", "step-000004"]
    assert load_checkpoint(folder, **Run().parts).step == 4


def test_a_file_that_may_not_grow_is_a_full_disk(folder):
    resource = pytest.importorskip("resource")  # not on Windows
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, before[1]))  # bytes, less than the weights
    try:
        with pytest.raises(ValueError, match="no room for step-000005"):
            save_checkpoint(folder, step=5, **Run().parts)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert sorted(path.name for path in folder.iterdir()) == ["step-000003", "step-000004"]


def test_another_failure_to_write_and_an_interrupt_leave_nothing_half_done(folder, monkeypatch):
    for error in (PermissionError(errno.EACCES, "no"), KeyboardInterrupt()):

        def fail(*_, error=error):
            raise error

        monkeypatch.setattr(folders, "_write", fail)
        with pytest.raises(type(error)):
            save_checkpoint(folder, step=5, **Run().parts)
        assert sorted(path.name for path in folder.iterdir()) == ["step-000003", "step-000004"]


@pytest.mark.parametrize("name", ["checkpoints.py", "state.py", "folders.py"])
def test_nothing_of_a_checkpoint_is_unpickled_or_run(name):
    source = (Path(checkpoints.__file__).parent / name).read_text()
    assert not [word for word in ("pickle", "torch.load", "eval(", "exec(") if word in source]


# kills


def test_a_forgotten_rename_would_be_seen(folder):
    """What `whole` below checks is not true of any folder."""
    assert whole(folder / "step-000004")
    (folder / "step-000004" / "config.toml").write_text("")
    assert not whole(folder / "step-000004")
    shutil.rmtree(folder / "step-000004")
    (folder / "step-000004").mkdir()
    assert not whole(folder / "step-000004")


@pytest.mark.slow
def test_fifty_kills_at_random_moments_end_in_the_same_weights_bit_for_bit(tmp_path):
    command = [sys.executable, __file__, str(tmp_path)]
    alone = os.environ | {"CUDA_VISIBLE_DEVICES": "", "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=alone)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["n_kills"] == N_KILLS
    assert told["broken"] == []
    assert told["n_half_written"] >= 5, "kills hit the writing of checkpoints too seldom"
    assert len(told["steps_at_kill"]) >= 15, "the kills were not spread over the run"
    assert told["is_same"]


def whole(path: Path) -> bool:
    """Checked here without the code under test."""
    sums = path / "SHA256SUMS"
    if not sums.exists():
        return False
    lines = dict(reversed(line.split("  ")) for line in sums.read_text().splitlines())
    present = {file.name for file in path.iterdir()} - {"SHA256SUMS"}
    return lines.keys() == present and all(
        hashlib.sha256((path / name).read_bytes()).hexdigest() == lines[name] for name in lines
    )


def train_on(folder: Path, report: int) -> Run:
    """Go on from the newest checkpoint to the end, and save every step."""
    run, start = Run(), 0
    if newest(folder):
        start = load_checkpoint(folder, **run.parts).step
    for step in run.iterate(N_STEPS, start):
        os.write(report, b".")
        save_checkpoint(folder, step=step.number, **run.parts)
    return run


def kill_and_restart(folder: Path, rng: random.Random) -> dict:
    """Fork children that train, and kill each some steps and some part of a step later."""
    unbroken = Run()  # made first: what torch imports at a first step, the children then have
    unbroken.steps(N_STEPS)
    told, period = dict(n_kills=0, n_half_written=0, broken=[], steps_at_kill=set()), 0.02
    while told["n_kills"] < N_KILLS:
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            train_on(folder, writer)
            os._exit(0)
        os.close(writer)
        for _ in range(rng.choice([0, 1, 1, 2, 3])):
            started = time.perf_counter()
            os.read(reader, 1)
            period = time.perf_counter() - started
        time.sleep(rng.random() * period)
        os.kill(child, signal.SIGKILL)
        assert os.waitpid(child, 0)[1] == signal.SIGKILL, "the run ended before all the kills"
        os.close(reader)
        told["n_kills"] += 1
        told["n_half_written"] += any(folder.glob(".*.part"))
        told["broken"] += [str(path) for path in folder.glob("step-*") if not whole(path)]
        told["steps_at_kill"].add(str(newest(folder)))
    final = train_on(folder, os.open(os.devnull, os.O_WRONLY))
    told["is_same"] = same(final.model, unbroken.model)
    return told | {"steps_at_kill": sorted(told["steps_at_kill"])}


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(json.dumps(kill_and_restart(Path(sys.argv[1]), random.Random(7))))
