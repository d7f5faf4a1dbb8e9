import ast
import inspect

import pytest

from afterword.evaluation import likelihood
from book.checks import shown
from tests.book.checks.tiny import chapter, code, said

TAG = "shows:afterword.evaluation.likelihood.perplexity"
IMPORT = "from afterword.evaluation.likelihood import perplexity"
RIGHT = "def perplexity(nats_per_token):\n    return math.exp(nats_per_token)"
OTHER = "from afterword.evaluation.likelihood import mean_loss"
LONG = "def f():\n" + "    x = 1\n" * 10


def bare(source):
    return shown.bare(ast.parse(source))


def test_only_docstrings_annotations_and_comments_may_differ():
    packaged = 'def f(x: int) -> int:\n    """Twice."""\n    return 2 * x  # doubled\n'
    assert bare(packaged) == bare("def f(x):\n    return 2 * x")
    assert bare(packaged) != bare("def f(x):\n    return x * 2")
    assert bare(packaged) != bare("def f(x, y=1):\n    return 2 * x")
    assert bare("class A:\n    x: int = 1") == bare("class A:\n    x: float = 1")
    assert bare("class A:\n    x: int = 1") != bare("class A:\n    x: int = 2")


def test_a_definition_that_is_the_packages_is_imported_and_tested_passes():
    assert not shown.findings(chapter(code(RIGHT, tags=[TAG]), code(IMPORT)))
    by_module = "from afterword.evaluation import likelihood as l\nl.perplexity(1.0)"
    assert not shown.findings(chapter(code(RIGHT, tags=[TAG]), code(by_module)))
    names = ["perplexity", "bits_per_byte"]
    two = "\n\n".join(inspect.getsource(getattr(likelihood, name)) for name in names)
    tagged = code(two, tags=[f"shows:afterword.evaluation.likelihood.{name}" for name in names])
    assert not shown.findings(chapter(tagged, code(f"{IMPORT}, bits_per_byte")))


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ([code(RIGHT.replace("exp", "expm1"), tags=[TAG]), code(IMPORT)], "differ. Make them one"),
        ([code(RIGHT, tags=[TAG])], "perplexity is shown and not imported"),
        ([code(RIGHT, tags=[TAG]), code(OTHER)], "perplexity is shown and not imported"),
        ([code("x = 1", tags=[TAG]), code(IMPORT)], "differ. Make them one"),
        ([code(RIGHT, tags=[TAG + "ity"]), code(IMPORT)], "there is no definition afterword"),
        (
            [code(RIGHT, tags=["shows:perplexity"]), code(IMPORT)],
            "there is no definition perplexity",
        ),
        ([code("CHUNK = 1", tags=["shows:afterword.text.bpe_training.CHUNK"])], "no definition"),
        ([code("async " + LONG)], "f has 11 lines"),
        ([code("@cache\n" + LONG.rstrip().rpartition("\n")[0])], "f has 11 lines"),
        ([code(LONG)], "f has 11 lines and is not the package's"),
        ([code("class A:\n" + "    x = 1\n" * 10)], "A has 11 lines"),
    ],
)
def test_each_kind_of_wrong_one_is_named(cells, message):
    found = said(shown.findings(chapter(*cells)))
    assert message in found
    assert "01_tiny, cell 0 (" in found


def test_a_definition_that_no_test_imports_is_named(tmp_path):
    cells = code(RIGHT, tags=[TAG]), code(IMPORT)
    assert "no test uses" in said(shown.findings(chapter(*cells), tests=tmp_path))
    (tmp_path / "test_it.py").write_text(f"{IMPORT}\n")
    shown.tested.cache_clear()
    assert not shown.findings(chapter(*cells), tests=tmp_path)
    shown.tested.cache_clear()


def test_ten_lines_and_a_stated_exception_pass():
    assert not shown.findings(chapter(code("def f():\n" + "    x = 1\n" * 9)))
    assert not shown.findings(chapter(code(LONG, tags=["except:shown it is the wrong way"])))
