import os

import pytest
import torch
from hypothesis import settings

torch.set_num_threads(1)  # tiny tensors: threads only get in each other's way
settings.register_profile("afterword", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("afterword")


@pytest.fixture
def rng() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def pytest_terminal_summary(terminalreporter):
    """Print at every run what the chapters ask to be believed or excused."""
    from book.checks.chapter import CHAPTERS, Chapter
    from book.checks.promises import exceptions

    for path in CHAPTERS:
        try:
            taken = exceptions(Chapter.read(path))
        except SyntaxError:  # which tests/book/test_promises.py names
            continue
        kinds = ", ".join(f"{n} {kind}" for kind, n in sorted(taken.items()) if n)
        terminalreporter.write_line(f"{path.stem}: {taken.total()} exceptions ({kinds or 'none'})")
