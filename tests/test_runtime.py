import random
import subprocess
import sys
import time

import numpy as np
import pytest
import torch

from afterword import runtime


def test_the_cpu_is_taken_where_there_is_no_gpu(monkeypatch, capsys):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert runtime.choose_device() == torch.device("cpu")
    assert capsys.readouterr().out == ""


def test_a_gpu_is_taken_where_there_is_one_that_agrees(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(runtime, "_largest_difference", lambda device: 1e-7)
    assert runtime.choose_device() == torch.device("cuda")


@pytest.mark.parametrize("difference", [1e-2, float("nan")])
def test_a_gpu_that_differs_costs_a_sentence_and_gives_the_cpu(monkeypatch, capsys, difference):
    monkeypatch.setattr(runtime, "_largest_difference", lambda device: difference)
    assert runtime.choose_device("cuda") == torch.device("cpu")
    assert "differs from the CPU" in capsys.readouterr().out


def test_a_device_that_fails_costs_one_sentence_and_gives_the_cpu(monkeypatch, capsys):
    def fail(device):
        raise RuntimeError("no kernel image is available\nlong advice for experts")

    monkeypatch.setattr(runtime, "_largest_difference", fail)
    assert runtime.choose_device("cuda") == torch.device("cpu")
    assert capsys.readouterr().out == (
        "The device 'cuda' cannot be used (no kernel image is available); using the CPU.\n"
    )


@pytest.mark.skipif(torch.backends.mps.is_available(), reason="there is an MPS device here")
def test_a_missing_mps_device_costs_a_sentence_for_real(capsys):
    assert runtime.choose_device("mps") == torch.device("cpu")
    assert "'mps' cannot be used" in capsys.readouterr().out


def test_mps_says_how_well_it_agrees(monkeypatch, capsys):
    monkeypatch.setattr(runtime, "_largest_difference", lambda device: 3e-6)
    assert runtime.choose_device("mps") == torch.device("mps")
    assert "agrees with the CPU to 3.0e-06" in capsys.readouterr().out


def test_the_self_check_of_the_cpu_against_itself_is_exact():
    assert runtime._largest_difference(torch.device("cpu")) == 0


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_cuda_passes_its_self_check_for_real():
    assert runtime.choose_device().type == "cuda"


def test_a_device_of_no_known_kind_is_refused():
    with pytest.raises(ValueError, match="no device is called 'abacus'"):
        runtime.choose_device("abacus")


def test_one_seed_repeats_every_source_of_chance():
    def draws():
        rng = runtime.seed_everything(7)
        return random.random(), np.random.rand(), torch.rand(1), torch.rand(1, generator=rng)  # noqa: NPY002

    assert draws() == draws()


def test_a_stopwatch_sees_the_time_and_the_memory_of_its_block():
    with runtime.Stopwatch() as idle:
        pass
    with runtime.Stopwatch() as busy:
        block = torch.ones(30_000_000)
        time.sleep(0.05)
        del block
    assert 0.05 <= busy.seconds < 5
    assert busy.peak_bytes - idle.peak_bytes == pytest.approx(120e6, rel=0.2)
    with runtime.Stopwatch() as after:
        pass
    assert after.peak_bytes < busy.peak_bytes - 60e6, "the count starts anew with each block"


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's malloc")
def test_freed_memory_is_kept_for_the_next_tensor():
    # in a process of its own, since it cannot be undone
    code = """
import resource, torch
from afterword.runtime import keep_freed_memory
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(5):
        [torch.ones(5_000_000) for _ in range(10)]  # 200 MB, more than is kept by itself
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
fetched = faults()
assert keep_freed_memory()
faults()
print(faults(), fetched)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    kept, fetched = map(int, done.stdout.split())
    assert kept < fetched / 10, done.stdout


def test_where_memory_cannot_be_kept_nothing_happens(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    assert runtime.keep_freed_memory() is False
