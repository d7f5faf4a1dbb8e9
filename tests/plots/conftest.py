import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest

from afterword.plots.style import RC

mpl.use("agg")


@pytest.fixture(autouse=True)
def _in_the_books_style():  # whatever style an earlier test has left
    with mpl.rc_context(RC):
        yield
    plt.close("all")
