import importlib.util
import itertools

import pytest

from afterword.training.fingerprints import fingerprint

SOURCE = '''
import math
from dataclasses import dataclass

N_STEPS = 10
SETTINGS = {"betas": [0.9, 0.95]}
UNUSED = 1


@dataclass
class Base:
    width: int = 3

    def size(self):
        return self.width


class Net(Base):
    depth = 2

    @property
    def area(self):
        return self.depth * self.size()

    @staticmethod
    def fill():
        return 0


def scale(x):
    return 2 * x


def unused(x):
    return x


def trial(lr, *, seed, power=2):
    """What one run gives."""
    rates = [scale(lr) ** power for _ in range(N_STEPS)]  # a list
    return {"loss": math.fsum(rates) + Net().area + SETTINGS["betas"][0], "name": f"{lr!r:>9}"}
'''
NAMES = (f"module_{i}" for i in itertools.count())


@pytest.fixture
def of(tmp_path):
    """The fingerprint of ``trial``, with parts of the source replaced by others."""

    def fingerprint_of(old="", new=""):
        assert old in SOURCE
        name = next(NAMES)
        file = tmp_path / f"{name}.py"
        file.write_text(SOURCE.replace(old, new) if old else SOURCE)
        spec = importlib.util.spec_from_file_location(name, file)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return fingerprint(module.trial)

    return fingerprint_of


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  # a list", "  # of rates"),
        ('"""What one run gives."""', '"""One run."""'),
        ('    """What one run gives."""\n', ""),
        ("2 * x", "(2*x)"),
        ("math.fsum(rates) + Net", "(math.fsum(rates)\n        + Net"[1:]),
        ("UNUSED = 1", "UNUSED = 2"),
        ("def unused(x):\n    return x", "def unused(x):\n    return 2 * x"),
    ],
)
def test_what_does_not_change_the_result_does_not_change_the_fingerprint(of, old, new):
    assert of(old, new.replace("\n        +", " +")) == of()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("** power", "* power"),
        ("power=2", "power=3"),
        ("2 * x", "3 * x"),
        ("N_STEPS = 10", "N_STEPS = 20"),
        ("0.95", "0.99"),
        ("depth = 2", "depth = 3"),
        ("self.depth *", "self.depth +"),
        ("return 0", "return 1"),
        ("width: int = 3", "width: int = 4"),
        ("return self.width", "return -self.width"),
        ("class Net(Base)", "class Net(Base, object)"),
    ],
)
def test_what_may_change_the_result_changes_the_fingerprint(of, old, new):
    assert of(old, new) != of()


def test_every_version_of_python_finds_the_same(of):
    """So that a table committed from one serves the others; CI asks three of them."""
    assert of() == "b4ea84b62de934ac"


def test_values_around_a_function_count_too():
    def make(factor, table):
        def trial(*, seed):
            return {"loss": factor * seed + len(table)}

        return fingerprint(trial)

    assert make(1, [1]) == make(1, [1])
    assert make(1, [1]) != make(2, [1])
    assert make(1, [1]) != make(1, [2])
    assert make(1, {object()}) == make(1, {object()}), "no plain value: not looked at"


def test_a_function_that_calls_itself_has_one():
    def trial(n=3, *, seed):
        return trial(n - 1, seed=seed) if n else {"loss": 0}

    assert len(fingerprint(trial)) == 16


def test_what_has_no_source_is_refused():
    with pytest.raises(ValueError, match="a function made by `def` was wanted"):
        fingerprint(lambda seed: {})
    with pytest.raises(ValueError, match="a function made by `def` was wanted"):
        fingerprint(print)
    made = {"__name__": "nowhere"}
    exec(compile("def trial(*, seed):\n    return {}", "<nowhere>", "exec"), made)
    with pytest.raises(ValueError, match="the source of trial cannot be read; define it in a"):
        fingerprint(made["trial"])
