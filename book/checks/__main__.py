"""The state of the chapters in one table, and what is wrong: make report."""

import sys

from book.checks import numbers
from book.checks.chapter import CHAPTERS, Chapter
from book.checks.promises import exceptions, findings, row


def table(rows: list[dict[str, str]]) -> str:
    heads = list(rows[0])
    widths = [max(map(len, [head, *(r[head] for r in rows)])) for head in heads]
    lines = [heads, ["-" * width for width in widths], *([*r.values()] for r in rows)]
    return "\n".join(
        " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def main(chosen: str = "") -> int:
    chapters = [Chapter.read(path) for path in CHAPTERS if path.stem.startswith(chosen)]
    print(table([row(chapter) for chapter in chapters]))
    print("numbers: matched + recalled + cited + defined\n")
    for chapter in chapters:
        kinds = ", ".join(f"{n} {kind}" for kind, n in sorted(exceptions(chapter).items()))
        print(f"{chapter.name}, taken on trust: {kinds or 'nothing'}")
        measured, counts = numbers.power(chapter)
        print(
            f"{chapter.name}, noticed if one off in the last place: "
            f"{measured:.0%} of the measured numbers, {counts:.0%} of the counts"
        )
    wrong = [finding for chapter in chapters for finding in findings(chapter)]
    print(*map(str, wrong), sep="\n")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
