"""The command as it is really started: in processes of its own, one or two, killed or not."""

import os
import signal
import subprocess
import sys
import time

import pytest

from afterword.training.checkpoints import newest
from tests.commands.conftest import OFTEN, SIZES
from tests.commands.runs import losses, rows, same, weights

pytestmark = pytest.mark.slow
MODULE = ["-m", "afterword.training", "--text", "play.txt", *SIZES.split(), *OFTEN.split()]
TORCHRUN = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
ACCELERATE = ["-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2"]


def start(*words: str) -> subprocess.Popen:
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    pipes = dict(stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    return subprocess.Popen([sys.executable, *words], env=environment, **pipes)


def finish(process: subprocess.Popen) -> tuple[int, str]:
    out, err = process.communicate(timeout=120)
    return process.returncode, out + err


def test_a_killed_run_goes_on_to_the_same_weights(afterword):
    sizes = ["--n-steps", "60", "--save-every", "5", "--evaluate-every", "0"]
    more = [*sizes, "--name", "killed", "--resume"]
    process = start(*MODULE, *more)
    while newest("runs/killed") is None:
        time.sleep(0.02)
        assert process.poll() is None, finish(process)
    process.kill()
    finish(process)
    assert process.returncode == -signal.SIGKILL
    status, said = finish(start(*MODULE, *more))
    assert status == 0, said
    afterword(f"--name whole {' '.join(sizes)}")
    assert same(weights("whole", 60), weights("killed", 60))
    assert [row["step"] for row in rows("killed", "step")] == list(range(1, 61))
    assert losses("killed") == losses("whole")


@pytest.mark.parametrize(
    ("launcher", "words"),
    [(TORCHRUN, []), (ACCELERATE, []), ([], ["--n-processes", "2"])],
    ids=["torchrun", "accelerate", "by itself"],
)
def test_two_processes_make_the_losses_of_one(afterword, launcher, words):
    status, said = finish(start(*launcher, *MODULE, "--name", "two", *words))
    assert status == 0, said
    assert said.count("step 6: validation") == 1, "one process prints"
    afterword("--name one")
    assert rows("two", "header")[0]["n_processes"] == 2
    assert losses("two") == pytest.approx(losses("one"), abs=1e-5)  # sums in another order
    one, two = rows("one", "evaluation"), rows("two", "evaluation")
    assert [row["loss"] for row in two] == pytest.approx([row["loss"] for row in one], abs=1e-5)
    assert [row["n_tokens"] for row in rows("two", "step")] == [4 * 8] * 6


@pytest.mark.parametrize("module", [["afterword.training"], ["afterword", "train"]])
def test_bad_words_end_the_process_with_a_sentence(here, module):
    status, said = finish(start("-m", *module, "--n-setps", "3"))
    assert status == 1
    assert said == "afterword: no setting is called 'n-setps'; did you mean n_steps?\n"
