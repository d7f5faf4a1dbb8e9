from book.checks import promises
from book.checks.__main__ import table
from tests.book.checks.tiny import chapter, code, said


def test_a_cell_that_is_no_python_is_named_and_no_check_breaks():
    found = said(promises.findings(chapter("One.", code("x = = 1"))))
    assert found.startswith("01_tiny, cell 1 (x = = 1): the cell is no Python")
    odd = chapter("One.", code("%matplotlib inline\n!ls\nx = 1"), code(""), code("await f()"))
    assert "no Python" not in said(promises.findings(odd))
    assert promises.findings(chapter("No code at all."))


def test_what_is_taken_on_trust_is_counted():
    excused = code("def f():\n" + "    x = 1\n" * 10, tags=["except:shown the wrong way first"])
    told = chapter("Seven. <!-- number seven: days of a week -->", excused)
    assert promises.exceptions(told) == {"defined numbers": 1, "shown": 1}


def test_an_exception_that_excuses_nothing_is_named():
    tags = ["except:shown the wrong way first"]
    long, short = "def f():\n" + "    x = 1\n" * 10, "def f():\n    x = 1"
    assert not promises.needless(chapter("One.", code(long, tags=tags)))
    found = said(promises.needless(chapter("One.", code(short, tags=tags))))
    assert "01_tiny, cell 1 (def f(): x = 1): except:shown excuses nothing" in found


def test_the_report_is_one_table_with_a_row_for_each_chapter():
    rows = [promises.row(chapter("One.", code("x = 1"), name=name)) for name in ("01_a", "02_b")]
    lines = table(rows).splitlines()
    assert [line.split(" | ")[0].strip() for line in lines] == [
        "chapter",
        "-------",
        "01_a",
        "02_b",
    ]
    assert len({line.count("|") for line in lines}) == 1
