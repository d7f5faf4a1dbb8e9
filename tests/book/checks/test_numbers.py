import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from book.checks import numbers
from book.checks.numerals import find
from tests.book.checks.tiny import chapter, code, said

CITED = "[Shannon, 1951](../book/references.md#shannon1951)"


@pytest.mark.parametrize(
    ("prose", "text", "low", "high"),
    [
        ("It costs 1.50 nats.", "1.50", 1.495, 1.505),
        ("It costs −0.3 nats.", "−0.3", 0.25, 0.35),
        ("There are 1,234 of them.", "1,234", 1234, 1234),
        ("There are about 250,000 of them.", "250,000", 245_000, 255_000),
        ("That is 97.5% of them.", "97.5%", 0.9745, 0.9755),
        ("More than 47 million ways.", "47 million", 47e6, 48e6),
        ("Four and a half million letters.", "Four and a half million", 4.25e6, 4.75e6),
        ("It takes eighteen times the text.", "eighteen", 18, 18),
        ("Nearly twenty were found.", "twenty", 10, 20),
        ("About 250 of them.", "250", 245, 255),
        ("About 100 of them.", "100", 90, 110),
        ("It has 135M parameters.", "135M", 134.5e6, 135.5e6),
        ("It has 10.7 M.", "10.7 M", 10.65e6, 10.75e6),
        ("A rate of 3e-4.", "3e-4", 2.5e-4, 3.5e-4),
        ("Off by 10⁻⁵.", "10⁻⁵", 1e-5, 1e-5),
        ("It is 2.4× as fast.", "2.4", 2.35, 2.45),
        ("It is 2.4x as fast.", "2.4x", 2.35, 2.45),
        ("Two hundred and fifty-six.", "Two hundred and fifty-six", 256, 256),
        ("Three-quarters of it.", "Three-quarters", 0.725, 0.775),
        ("It is half as fast.", "half", 0.45, 0.55),
        ("That is $3.5$ nats.", "3.5", 3.45, 3.55),
        ("It printed `9.99`.", "9.99", 9.985, 9.995),
        (
            "**Time** about 70 seconds and 2.1 GB on two CPU cores.\n\nIt is 9.99.",
            "9.99",
            9.985,
            9.995,
        ),
        ("Three fifths of the time.", "Three fifths", 0.58, 0.62),
        ("More than eight tenths.", "eight tenths", 0.8, 0.9),
        ("Less than half of it.", "half", 0, 0.5),
        ("Right two times out of three.", "two times out of three", 1 / 2, 5 / 6),
        ("One piece in a hundred.", "One piece in a hundred", 0.005, 0.015),
        ("It comes once in nine tries.", "once in nine", 1 / 18, 3 / 18),
        ("Around 3/7 of them.", "3/7", 2.5 / 7, 3.5 / 7),
        ("A quarter of a million letters.", "A quarter of a million", 225_000, 275_000),
        ("A million letters.", "A million", 1e6, 1e6),
        ("It came twice.", "twice", 2, 2),
    ],
)
def test_a_number_is_understood(prose, text, low, high):
    (number,) = find(prose)
    assert number.text == text
    assert number.low == pytest.approx(low)
    assert number.high == pytest.approx(high)


@pytest.mark.parametrize(
    "prose",
    [
        "One of the first, in the third act; the second half.",
        "`x[5]` and $x_5 = 3$ and ```\n12\n```",
        "$$ 17 \\tag{1} $$",
        "GPT-2 writes UTF-8 with order-8 tables.",
        "As in chapters 2, 3 and 5.",
        "> **Exercise 3.** *Medium, 15 minutes.*",
        "# 4 · What now?",
        f"He guessed it {CITED}.",
        "**Time** about 70 seconds and 2.1 GB on two CPU cores. **You",
        '1. The first\n2. The second[^2], in Section 3.2. <img width="300">',
        "## 3 · What is there?",
        "See [here](https://example.org/2024/05).",
        "<!-- number 7: the days of a week -->",
    ],
)
def test_what_claims_nothing_is_passed_over(prose):
    assert find(prose) == []


def test_right_numbers_pass():
    right = chapter(
        "We throw 600 times.",
        code("n = 600\nprint(f'{0.12345:.3f}, {1 / 3:.1%}')", "0.123, 33.3%"),
        f"It was 0.12, or 33%. His was 0.6 {CITED}. <!-- number 0.6: cited shannon1951 -->",
        "A week has seven days. <!-- number seven: a calendar's choice -->",
    )
    assert numbers.findings(right) == []
    assert numbers.tally(right) == {"matched": 3, "cited": 1, "defined": 1}


@pytest.mark.parametrize(
    ("prose", "message"),
    [
        ("It was 0.13.", "nothing computed agrees with '0.13'"),
        ("It was 0.1234.", "nothing computed agrees with '0.1234'"),
        ("It was 34%.", "nothing computed agrees with '34%'"),
        ("More than half of them.", "agrees with 'half'"),
        ("It was 0.6. <!-- number 0.6: cited shannon1951 -->", "agrees with '0.6'"),
        ("Seven. <!-- number seven: so -->", "agrees with 'Seven'"),
        ("A dozen. <!-- number 12: as eggs come -->", "the mark for '12' marks nothing"),
        ("It was 0.5. <!-- number 0.5: chapter 07 -->", "agrees with '0.5'"),
        ("It was 0.5. <!-- number 0.5: chapter 7, cell 3 -->", "agrees with '0.5'"),
        ("It was 0.5. <!-- number 0.5: cited Shannon, 1951 -->", "agrees with '0.5'"),
        ("Two, or two. <!-- number two: a pair of hands -->", "agrees with 'two'"),
        ("It ended at 9.99, far from there.", "agrees with '9.99'"),
    ],
)
def test_a_wrong_number_is_named_with_its_cell_and_the_cure(prose, message):
    wrong = chapter("Begin.", code("print('0.123, 33.3%')", "0.123, 33.3%"), prose)
    found = said(numbers.findings(wrong))
    assert f"01_tiny, cell 2 ({prose[:8]}" in found
    assert message in found
    assert "<!-- number" in found or "Take it out" in found


def test_another_seed_makes_the_prose_red():
    """The same chapter, executed again with other draws."""
    prose = "The mean was 0.482."
    assert not numbers.findings(chapter(code("print(mean)", "0.482"), prose))
    assert "'0.482'" in said(numbers.findings(chapter(code("print(mean)", "0.519"), prose)))


def test_a_short_number_must_be_close_by_and_a_long_one_need_not():
    def far():
        return [code("x = 1") for _ in range(numbers.BEFORE)]

    assert not numbers.findings(chapter(code("print(16)", "16 and 4.42"), "It was 16."))
    away = chapter(code("print(16)", "16 and 4.42"), *far(), "It was 16, or 4.42.")
    assert "'16'" in said(numbers.findings(away))
    assert "'4.42'" not in said(numbers.findings(away))
    above = chapter(code("print(16)", "16"), *far(), "It was 16. <!-- number 16: above -->")
    assert not numbers.findings(above)
    below = chapter(*far(), "It was 16. <!-- number 16: above -->", *far(), code("print(16)", "16"))
    assert "'16'" in said(numbers.findings(below))


def test_only_what_was_printed_or_asserted_counts_from_afar():
    far = [code("x = 1"), code("x = 2"), code("x = 3")]
    prose = "It ended at 9.99."
    assert "'9.99'" in said(numbers.findings(chapter(code("lr = 9.99"), *far, prose)))
    assert not numbers.findings(chapter(code("assert x < 9.99"), *far, prose))
    assert not numbers.findings(chapter(code("print(x)", "9.99"), *far, prose))


@pytest.mark.parametrize(
    ("output", "prose"),
    [
        ("33.3 % of them", "It was 33.3%."),
        ("3.1e-05", "It was 3.1e-5."),
        ("12.3x faster, 2.41M", "It was 12.3 times as fast, with 2.41 million."),
    ],
)
def test_outputs_are_read_as_prose_is(output, prose):
    assert not numbers.findings(chapter(code("print(x)", output), prose))


def test_lines_for_the_shell_are_passed_over():
    assert not numbers.findings(chapter(code("%matplotlib inline\n!ls\nx = 30"), "There are 30."))


def test_a_number_of_another_chapter_is_looked_up_there():
    other = chapter(code("print(1.48)", "1.48"), name="02_other")
    here = chapter("We had 1.48 and 1.49. <!-- number 1.48, 1.49: chapter 02 -->", code("x = 0"))
    found = said(numbers.findings(here, others=lambda digits: other if digits == "02" else None))
    assert "'1.49'" in found
    assert "'1.48'" not in found


def test_the_words_for_a_figure_are_held_to_what_it_draws_less_the_ticks():
    svg = (
        '<svg>\n <g id="xtick_1">\n  <g>\n   <!-- 44 -->\n  </g>\n'
        ' </g>\n <g id="text_9">\n  <!-- 4.42 nats -->\n </g>\n</svg>'
    )
    right = {"image": {"alt": "A bar of 4.42 nats."}}
    wrong = {"image": {"alt": "A bar of 44 nats."}}
    assert not numbers.findings(chapter(code("plot()", svg=svg, mystnb=right)))
    assert "'44'" in said(numbers.findings(chapter(code("plot()", svg=svg, mystnb=wrong))))


@given(st.floats(0.001, 1e4), st.integers(1, 4))
def test_a_number_rounded_right_agrees_and_one_unit_further_does_not(value, places):
    (number,) = find(f"It is {value:,.{places}f} nats.")
    assert number.agrees([value]), (number, value)
    unit = 10.0**-places
    for off in (-1.1, 1.1):
        moved = dataclasses.replace(
            number, low=number.low + off * unit, high=number.high + off * unit
        )
        assert not moved.agrees([value])


def test_the_power_of_the_check_is_the_share_of_slips_that_it_notices():
    cells = code("print('0.123 0.124 0.500')", "0.123 0.124 0.500"), "We saw 0.123 and 0.500."
    assert numbers.power(chapter(*cells)) == (3 / 4, 0)  # 0.124 for 0.123 would pass
    assert numbers.power(chapter(code("n = 7\nm = 8"), "There are seven."))[1] == 1 / 2
