from afterword.text.sonnets import poems, sonnets


def test_there_are_154_sonnets_each_with_its_number():
    found = sonnets()
    assert [each.title for each in found] == [f"Sonnet {i}" for i in range(1, 155)]
    assert found[0].text.startswith("From fairest creatures we desire increase,\n")
    assert found[129].text.startswith("My mistress' eyes are nothing like the sun;\n")
    assert found[153].text.endswith("\nLove's fire heats water, water cools not love.\n")


def test_all_sonnets_have_fourteen_lines_but_two():
    n_lines = {each.title: len(each.text.splitlines()) for each in sonnets()}
    assert {title: n for title, n in n_lines.items() if n != 14} == {
        "Sonnet 99": 15,
        "Sonnet 126": 12,
    }


def test_no_line_of_a_sonnet_is_blank_or_indented_or_a_number():
    for each in sonnets():
        for line in each.text.splitlines():
            assert line == line.strip()
            assert len(line) > 20, line


def test_the_poems_are_in_modern_spelling_and_without_indents():
    texts = [poem.text for poem in poems()]
    assert len(texts) == len(set(texts)) == 199
    assert not any(line.startswith(" ") for text in texts for line in text.split("\n"))
    assert not any("thir " in text for text in texts)  # as Milton has it
    assert any("Lucrece" in text for text in texts)
