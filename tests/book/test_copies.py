"""The button on a block of code copies what the cell holds: no prompt, nothing of its output."""

import re

import pytest

from book.checks.chapter import CHAPTERS, Chapter
from book.tools import look
from tests.book.chapters import shown

if not (look.HTML / "search.html").exists():
    pytest.skip("no built book: run make book", allow_module_level=True)

pytestmark = pytest.mark.slow
# What would be copied is what the script has selected when it asks the browser to copy.
PRESS_ALL = """() => {
    const copied = [];
    document.execCommand = () => copied.push(document.activeElement.value);
    document.querySelectorAll(".cell_input button.copybtn").forEach(button => button.click());
    return copied;
}"""


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_each_code_cell_is_copied_as_it_is_and_nothing_else_is(chrome, path):
    cells = [shown(cell.source) for _, cell in Chapter.read(path).code]
    page = look.visit(
        chrome, (look.HTML / f"chapters/{path.stem}.html").as_uri(), look.SIZES["desktop"]
    )
    assert page.evaluate(PRESS_ALL) == cells
    assert page.locator(".cell_output button.copybtn").count() == 0
    page.close()


def test_a_press_puts_the_code_on_the_clipboard(chrome):
    with look.served() as address:
        name = f"chapters/{CHAPTERS[0].stem}.html"
        page = look.visit(chrome, address + name, look.SIZES["phone"])
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.locator("button.copybtn").first.focus()
        page.keyboard.press("Enter")
        page.wait_for_selector("button.copybtn.success")
        copied = page.evaluate("navigator.clipboard.readText()")
        page.close()
    assert copied == shown(Chapter.read(CHAPTERS[0]).code[0][1].source)


def test_a_line_for_the_shell_has_no_prompt_to_copy():
    pages = [name for name in look.pages() if name.startswith("book/")]
    text = "".join((look.HTML / name).read_text("utf8") for name in pages)
    blocks = re.findall(r"<pre[^>]*>.*?</pre>", text, flags=re.DOTALL)
    plain_blocks = [re.sub(r"<[^>]+>", "", block) for block in blocks]
    assert any("make lab" in plain for plain in plain_blocks)
    for plain in plain_blocks:
        assert not re.search(r"^(\$|&gt;&gt;&gt;|In \[)", plain, flags=re.MULTILINE), plain
