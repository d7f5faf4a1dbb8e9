"""Notebooks of a few cells, made up to be right or wrong in one way."""

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from book.checks.chapter import Chapter


def chapter(*cells, name="01_tiny") -> Chapter:
    """Strings are Markdown."""
    made = [new_markdown_cell(cell) if isinstance(cell, str) else cell for cell in cells]
    return Chapter(name, new_notebook(cells=made))


def code(source: str, prints: str = "", *, tags=(), svg: str = "", **metadata):
    outputs = [new_output("stream", name="stdout", text=prints)] if prints else []
    if svg:
        outputs.append(new_output("display_data", data={"image/svg+xml": svg}))
    metadata |= {"tags": list(tags)} if tags else {}
    return new_code_cell(source, outputs=outputs, execution_count=1, metadata=metadata)


def said(findings) -> str:
    return "\n".join(map(str, findings))
