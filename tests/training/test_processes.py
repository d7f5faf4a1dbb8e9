"""Two processes make the steps of one; run as a script, by a launcher, this file is one of them."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from accelerate.state import AcceleratorState, PartialState
from accelerate.utils import DistributedType, FullyShardedDataParallelPlugin
from safetensors.torch import load_file, save_file
from torch import nn

from afterword.model.gpt import GPT
from afterword.model.presets import small
from afterword.text.batches import random_batches
from afterword.training.checkpoints import load_checkpoint, save_checkpoint
from afterword.training.loop import Diverged, train
from afterword.training.machines import OneDevice
from afterword.training.optimizers import adamw, muon
from afterword.training.processes import Processes, ProcessLost
from afterword.training.schedules import Constant
from afterword.training.state import weights, whole

N_STEPS = 6
CASES = {
    "adamw": dict(make=adamw),
    "muon": dict(make=muon),
    "accumulated": dict(make=adamw, n_accumulate=3),
    "bf16": dict(make=adamw, dtype=torch.bfloat16),
    "fp16": dict(make=adamw, dtype=torch.float16),
}


def make_run(make, dropout=0.0):
    """Model, optimizer and the whole batches; the same in every process."""
    torch.manual_seed(1)
    model = GPT(small(vocab_size=11, context_length=8, d_model=16, n_layers=1, n_heads=2))
    model = nn.Sequential(model, nn.Dropout(dropout)) if dropout else model
    rates = dict(lr=0.02, adam_lr=3e-3) if make is muon else dict(lr=1e-2)
    rng = torch.Generator().manual_seed(2)
    ids = torch.randint(11, (500,), generator=torch.Generator().manual_seed(3))
    batches = random_batches(ids, context_length=8, batch_size=8, rng=rng)
    return model, make(model, **rates), batches, rng


def follow(model, batches, optimizer, machine, start=0, until=N_STEPS, n_accumulate=1):
    """Losses and norms of the gradient."""
    steps = train(
        model,
        machine.share(batches) if hasattr(machine, "share") else batches,
        optimizer=optimizer,
        schedule=Constant(n_steps=until),
        start=start,
        n_accumulate=n_accumulate,
        max_norm=0.5,
        machine=machine,
    )
    return [(step.loss, step.gradient_norm) for step in steps]


def case(machine_of, make, dtype=None, n_accumulate=1):
    """One run: its losses and norms, and its final weights."""
    machine = machine_of(dtype=dtype)
    model, optimizer, batches, _ = make_run(make)
    if isinstance(machine, Processes):
        model, optimizer = machine.prepare(model, optimizer)
    losses = follow(model, batches, optimizer, machine, n_accumulate=n_accumulate)
    return losses, {name: whole(value) for name, value in weights(model).items()}


def one_device(dtype):
    return OneDevice(dtype=dtype)


# several real processes, started once; each test reads one part of what they did


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """What two processes did, started by ``torchrun``, until the second was killed."""
    folder = tmp_path_factory.mktemp("two")
    alone = {"PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1"}
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run(
        [sys.executable, *launcher, __file__, str(folder)],
        env=os.environ | alone | {"CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert (folder / "killed").exists(), done.stderr
    ended = {"status": done.returncode, "complaint": done.stderr}
    (folder / "ended.json").write_text(json.dumps(ended))
    return folder


def read(folder, name):
    return json.loads((folder / f"{name}.json").read_text())


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_two_processes_make_the_steps_of_one_with_the_doubled_batch(two, name):
    losses, final = case(one_device, **CASES[name])
    found, weights_of_two = read(two, name), load_file(two / f"{name}.safetensors")
    # sums in another order differ by rounding: of fp32, or of half precision where it is asked for
    loose = CASES[name].get("dtype") is not None
    rtol = 2e-2 if loose else 1e-3 if name == "muon" else 1e-5
    torch.testing.assert_close(torch.tensor(found), torch.tensor(losses), rtol=rtol, atol=1e-6)
    # Muon rounds to bfloat16, 2^-8 of a step of lr 0.02, in each of three products, six times.
    # Adam divides by the gradient's size, however small: a fraction of lr 1e-2 or, in half
    # precision, more than that
    atol = 3e-2 if loose else 1.5e-3 if name == "muon" else 2e-5
    assert final.keys() == weights_of_two.keys()
    for weight in final:
        torch.testing.assert_close(weights_of_two[weight], final[weight], rtol=0, atol=atol)


@pytest.mark.slow
def test_precision_is_carried_to_every_process(two):
    told = read(two, "told")
    assert [part["logits"] for part in told] == [{"bf16": "bfloat16", "fp16": "float16"}] * 2
    assert [part["scale"] for part in told] == [2.0**16] * 2


@pytest.mark.slow
def test_two_processes_resume_bit_for_bit_each_with_its_own_random_numbers(two):
    told = read(two, "told")
    assert [part["resumed"] for part in told] == [True, True]
    state = json.loads((two / "resumed" / "step-000003" / "state.json").read_text())
    assert state["rngs"][0]["torch"] != state["rngs"][1]["torch"]


@pytest.mark.slow
def test_a_checkpoint_of_two_processes_is_one_that_a_single_one_loads(two, capsys):
    model, optimizer, _, rng = make_run(adamw, dropout=0.2)
    found = load_checkpoint(two / "resumed", model=model, optimizer=optimizer, rngs={"data": rng})
    assert found.step == 3
    assert "saved with 2 processes (here 1)" in capsys.readouterr().out


@pytest.mark.slow
def test_a_batch_that_two_cannot_share_is_refused_by_both(two):
    message = (
        "a batch of 7 rows cannot be shared evenly by 2 processes; take a batch_size that 2 "
        "divides, and leave out a shorter last batch"
    )
    assert [part["odd"] for part in read(two, "told")] == [message] * 2


@pytest.mark.slow
def test_rows_with_unequal_numbers_of_targets_are_refused_by_both(two):
    for part in read(two, "told"):
        assert part["uneven"].startswith("the processes would have [7, 6] targets that count; fill")


@pytest.mark.slow
def test_a_loss_that_is_no_number_in_one_process_stops_both(two):
    assert [part["diverged"] for part in read(two, "told")] == [1, 1]


@pytest.mark.slow
def test_sharded_weights_give_the_same_run_and_the_same_checkpoint(two):
    losses, final = case(one_device, adamw)
    found, saved = read(two, "sharded"), load_file(two / "sharded/step-000006/model.safetensors")
    torch.testing.assert_close(torch.tensor(found), torch.tensor(losses), rtol=1e-5, atol=1e-6)
    for weight in final:
        torch.testing.assert_close(saved[weight], final[weight], rtol=0, atol=2e-5)
    assert [part["sharded_resumed"] for part in read(two, "told")] == [True, True]


@pytest.mark.slow
def test_muon_on_sharded_weights_is_refused(two):
    for part in read(two, "told"):
        assert part["sharded_muon"].startswith("Muon needs whole matrices, and sharded weights are")


@pytest.mark.slow
def test_a_killed_process_ends_the_run_within_seconds_and_leaves_the_checkpoint(two):
    ended = read(two, "ended")
    assert ended["status"] != 0
    assert (two / "noticed").stat().st_mtime - (two / "killed").stat().st_mtime < 5
    message = "ProcessLost: process 0 of 2 cannot reach another, which has ended or lost its"
    assert message in ended["complaint"]
    model, optimizer, _, _ = make_run(adamw)
    assert load_checkpoint(two / "lost", model=model, optimizer=optimizer).step == 2


# one process


def test_a_single_process_is_one_device():
    expected, final = case(one_device, muon)
    losses, weights_here = case(Processes, muon)
    assert losses == expected
    assert all(torch.equal(weights_here[name], final[name]) for name in final)


def test_a_single_process_is_the_main_one_and_shares_with_nobody():
    machine = Processes()
    model, optimizer, batches, _ = make_run(adamw)
    assert (machine.n_processes, machine.rank, machine.is_main) == (1, 0, True)
    assert not machine.is_sharded
    prepared, kept = machine.prepare(model, optimizer)
    assert machine.unwrap(prepared) is model
    assert kept is optimizer
    assert next(machine.share(batches))[0].shape == (8, 8)
    assert machine.gather({"a": 1}) == [{"a": 1}]


@pytest.mark.parametrize(("asked", "dtype"), [("no", None), ("bf16", torch.bfloat16)])
def test_the_launchers_mixed_precision_holds_where_no_dtype_is_given(monkeypatch, asked, dtype):
    monkeypatch.setenv("ACCELERATE_MIXED_PRECISION", asked)
    assert Processes().dtype == dtype
    machine = Processes(dtype=torch.float16, matmul="medium")
    assert (machine.dtype, machine.matmul) == (torch.float16, "medium")
    assert machine.may_skip()


def test_a_mixed_precision_that_is_not_ours_is_refused(monkeypatch):
    monkeypatch.setenv("ACCELERATE_MIXED_PRECISION", "fp8")
    with pytest.raises(ValueError, match="mixed precision 'fp8' is not one of no, bf16, fp16"):
        Processes()


def test_sharding_that_would_silently_not_happen_is_refused(monkeypatch):
    monkeypatch.setenv("ACCELERATE_USE_FSDP", "true")
    with pytest.raises(
        ValueError, match=r"shards only over several GPU processes, and this is 1 on"
    ):
        Processes()


@pytest.mark.parametrize(
    ("version", "dtype", "match"),
    [
        (1, None, "weights are sharded by FSDP 2 only; start with --fsdp_version 2"),
        (2, torch.float16, "float16 with sharded weights is not supported; take bfloat16"),
    ],
)
def test_sharding_of_another_kind_is_refused(monkeypatch, version, dtype, match):
    Processes()  # the state that is changed below is made
    plugin = type("Plugin", (), {"fsdp_version": version})()
    monkeypatch.setitem(AcceleratorState._shared_state, "fsdp_plugin", plugin)
    monkeypatch.setitem(PartialState._shared_state, "distributed_type", DistributedType.FSDP)
    with pytest.raises(ValueError, match=match):
        Processes(dtype=dtype)


def test_other_errors_of_a_step_stay_what_they_are():
    machine = Processes()
    with pytest.raises(RuntimeError, match="shapes"), machine.together(nn.Linear(2, 2), True):
        torch.ones(2, 3) @ torch.ones(2, 3)


# as one of the processes


def run_all(folder: Path) -> None:
    for name, settings in CASES.items():
        losses, final = case(Processes, **settings)
        if Processes().is_main:
            (folder / f"{name}.json").write_text(json.dumps(losses))
            save_file(final, folder / f"{name}.safetensors")
    told = {
        "logits": {name: logits_of(CASES[name]["dtype"]) for name in ("bf16", "fp16")},
        "scale": Processes(dtype=torch.float16).scaler.get_scale(),
        "resumed": resume(folder / "resumed"),
        "odd": complaint_about(torch.zeros(7, 2, dtype=torch.long)),
        "uneven": complaint_about(
            torch.tensor([[1, 1]] * 4 + [[1, 1], [1, -100]] + [[1, -100]] * 2)
        ),
        "diverged": diverge(),
    }
    told |= sharded(folder)
    everyones = Processes().gather(told)
    if Processes().is_main:
        (folder / "told.json").write_text(json.dumps(everyones))
    lose_one(folder)


def logits_of(dtype):
    machine = Processes(dtype=dtype)
    with machine.autocast():
        return str(nn.Linear(2, 2)(torch.ones(1, 2)).dtype).removeprefix("torch.")


def resume(folder: Path, start: int = 3) -> bool:
    """Whether saving, loading into new parts and going on gives the run that never stopped."""

    def begin():
        machine = Processes()
        model, optimizer, batches, rng = make_run(adamw, dropout=0.2)
        torch.manual_seed(machine.rank)  # each its own dropout
        return machine, *machine.prepare(model, optimizer), batches, rng

    machine, model, optimizer, batches, _ = begin()
    follow(model, batches, optimizer, machine)
    unbroken = weights(model)
    machine, model, optimizer, batches, rng = begin()
    follow(model, batches, optimizer, machine, until=start)
    parts = dict(machine=machine, rngs={"data": rng})
    save_checkpoint(folder, step=start, model=model, optimizer=optimizer, **parts)
    machine, model, optimizer, batches, rng = begin()
    torch.manual_seed(99)
    load_checkpoint(folder, model=model, optimizer=optimizer, machine=machine, rngs={"data": rng})
    follow(model, batches, optimizer, machine, start=start)
    return all(torch.equal(unbroken[name], value) for name, value in weights(model).items())


def complaint_about(targets) -> str:
    try:
        next(Processes().share([(targets, targets)]))
    except ValueError as error:
        return str(error)
    return "nothing"


def diverge() -> int:
    """The loss of one process only is no number."""
    machine = Processes()
    model, optimizer, batches, _ = make_run(adamw)
    model, optimizer = machine.prepare(model, optimizer)

    def loss_function(logits, targets):
        return logits.mean() * (float("nan") if machine.rank else 1.0)

    steps = train(
        model,
        machine.share(batches),
        optimizer=optimizer,
        schedule=Constant(n_steps=2),
        loss_function=loss_function,
        machine=machine,
    )
    try:
        next(steps)
    except Diverged as error:
        return error.step
    return 0


def sharded(folder: Path) -> dict:
    """Accelerate turns to FSDP on GPUs only; once its state says so, gloo does all that follows."""
    plugin = FullyShardedDataParallelPlugin(fsdp_version=2, auto_wrap_policy="no_wrap")
    AcceleratorState._shared_state["fsdp_plugin"] = plugin
    before = PartialState._shared_state["distributed_type"]
    PartialState._shared_state["distributed_type"] = DistributedType.FSDP
    told = {}
    try:
        Processes().prepare(*make_run(muon)[:2])
    except ValueError as error:
        told["sharded_muon"] = str(error)
    machine, (model, optimizer, batches, _) = Processes(), make_run(adamw)
    model, optimizer = machine.prepare(model, optimizer)
    losses = follow(model, batches, optimizer, machine)
    assert all(hasattr(value, "full_tensor") for value in model.parameters())
    if machine.is_main:
        (folder / "sharded.json").write_text(json.dumps(losses))
    save_checkpoint(
        folder / "sharded", step=N_STEPS, model=model, optimizer=optimizer, machine=machine
    )
    again = machine.prepare(*make_run(adamw)[:2])
    load_checkpoint(folder / "sharded", model=again[0], optimizer=again[1], machine=machine)
    more = [follow(m, make_run(adamw)[2], o, machine) for m, o in ((model, optimizer), again)]
    PartialState._shared_state["distributed_type"] = before
    same = all(
        torch.equal(a.full_tensor(), b.full_tensor()) for a, b in both_weights(model, again[0])
    )
    return told | {"sharded_resumed": same and more[0] == more[1]}


def both_weights(a, b):
    return zip(weights(a).values(), weights(b).values(), strict=True)


def lose_one(folder: Path) -> None:
    """The second process is killed after the third step; the last checkpoint is of the second."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # end by itself, not by the launcher
    machine, (model, optimizer, batches, _) = Processes(), make_run(adamw)
    model, optimizer = machine.prepare(model, optimizer)
    steps = train(
        model,
        machine.share(batches),
        optimizer=optimizer,
        schedule=Constant(n_steps=N_STEPS),
        machine=machine,
    )
    try:
        for step in steps:
            if step.number == 2:
                parts = dict(model=model, optimizer=optimizer, machine=machine)
                save_checkpoint(folder / "lost", step=2, **parts)
            if step.number == 3 and machine.rank == 1:
                (folder / "killed").touch()
                os.kill(os.getpid(), signal.SIGKILL)
    except ProcessLost:
        (folder / "noticed").touch()
        raise


if __name__ == "__main__":
    torch.set_num_threads(1)
    run_all(Path(sys.argv[1]))
