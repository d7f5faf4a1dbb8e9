import pytest

from book.checks import times
from tests.book.checks.tiny import chapter, code, said

TIME = "**Time** about 70 seconds and 2.1 GB on two CPU cores"
SAYS = f"# 1 · A\n\n{TIME}; not yet timed on a T4. **You will have** it."
ON_A_T4 = SAYS.replace("not yet timed", "about 20 seconds")
HEAD = "chapter,code,seconds,peak_mb,device\n"


def findings(tmp_path, opening=SAYS, seconds=66, mb=2100, stored="x = 1", now="x = 1", gpu=""):
    of = times.code_hash(chapter(opening, code(stored)).cells)
    record = tmp_path / "times.csv"
    record.write_text(f"{HEAD}01_tiny,{of},{seconds},{mb},cpu\n02_other,{of},9,9,H200\n")
    if gpu:
        record.write_text(f"{record.read_text()}01_tiny,{of},{gpu},9,Tesla T4\n")
    return said(times.findings(chapter(opening, code(now)), record))


def test_a_recorded_chapter_within_the_limits_passes(tmp_path):
    assert not findings(tmp_path)


def test_a_time_on_a_gpu_that_was_measured_may_be_given(tmp_path):
    assert not findings(tmp_path, opening=ON_A_T4, gpu=22)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (dict(seconds=151, opening=SAYS.replace("70", "151")), "takes 151 s, over 150"),
        (dict(mb=4097, opening=SAYS.replace("2.1", "4.0")), "holds 4,097 MB, over 4,096"),
        (
            dict(now="x = 2"),
            "its code is not that whose time is recorded. CUDA_VISIBLE_DEVICES= make run",
        ),
        (dict(seconds=30), "the opening says 70 seconds and 2.1 GB. Write: **Time** about 30"),
        (dict(seconds=110), "the opening says 70 seconds"),
        (dict(mb=1000), "the opening says 70 seconds and 2.1 GB"),
        (dict(opening="# 1 · A"), "the opening does not say what it takes"),
        (dict(opening=f"# 1 · A\n\n{TIME}."), "nothing of a GPU. Write: not yet timed on a T4"),
        (dict(opening=ON_A_T4), "gives a time on a T4, and none was measured"),
        (dict(gpu=22), "keeps back its time on Tesla T4. Write: about 22 seconds on a T4"),
        (dict(gpu=60, opening=ON_A_T4), "keeps back its time on Tesla T4. Write: about 60"),
    ],
)
def test_each_kind_of_wrong_one_is_named(tmp_path, wrong, message):
    assert message in findings(tmp_path, **wrong)


def test_a_chapter_that_was_never_timed_is_named(tmp_path):
    missing = times.findings(chapter(SAYS, code("x = 1")), tmp_path / "times.csv")
    assert "its time is not recorded" in said(missing)


def test_prose_does_not_make_a_record_old():
    assert times.code_hash(chapter("a", code("x = 1")).cells) == times.code_hash(
        chapter("b", code("x = 1"), "c").cells
    )
