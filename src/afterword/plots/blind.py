"""A page on which people say which of two texts is better, without being told who wrote which.

    write_blind_page("votes", [{"human": "…", "model": "…"}, …], seed=0, title="…", question="…")

writes ``page.html``, one file that asks nothing of any network and can be sent to raters, and
``key.json``, which says who wrote what and stays at home. Raters save their votes as a file and
send it back; ``evaluation.ratings.read_votes`` puts files and key together. Instead of texts it may
show live figures, such as tunes that can be played; what they say in words is shown with them.
"""

import hashlib
import html
import json
import random
from collections.abc import Mapping, Sequence
from pathlib import Path

from afterword.plots.live import Live

HERE = Path(__file__).parent
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:;
  script-src 'unsafe-inline'; style-src 'unsafe-inline'">
<link rel="icon" href="data:,">
<title>{title}</title>
<style>
{style}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p>This page needs JavaScript, which seems to be switched off here.</p>
</main>
<script type="application/json" id="data">{data}</script>
<script>
{script}
</script>
</body>
</html>
"""


def blind_page(
    pairs: Sequence[Mapping[str, str | Live]], *, seed: int, title: str, question: str
) -> str:
    """The page as one HTML file; each pair says, for two writers, what each wrote.

    A text is shown as it is; of a ``Live`` the page holds the HTML, which must not say whose it is.

    Which text stands first is drawn, so that each place gets half of those that are named first.
    The page knows texts by marks only; ``blind_key`` with the same arguments says whose they are.
    """
    items, key = _blinded(pairs, seed, title, question)
    data = dict(page=key["page"], question=question, items=items)
    # < is written as a number, so that no text can end the script
    written = json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")
    style, script = ((HERE / f"blind.{kind}").read_text("utf8").strip() for kind in ("css", "js"))
    return PAGE.format(title=html.escape(title), style=style, data=written, script=script)


def blind_key(
    pairs: Sequence[Mapping[str, str | Live]], *, seed: int, title: str, question: str
) -> dict:
    """The page's name, and for each item who wrote the text of each mark."""
    return _blinded(pairs, seed, title, question)[1]


def write_blind_page(
    folder: Path | str,
    pairs: Sequence[Mapping[str, str | Live]],
    *,
    seed: int,
    title: str,
    question: str,
) -> Path:
    """Write ``page.html`` and ``key.json`` into a folder, each of them whole; where the page is.

    A key of other pairs is never overwritten, for without it the votes cast on its page are lost;
    nor is a ``page.html`` that has no key beside it.
    """
    page = blind_page(pairs, seed=seed, title=title, question=question)
    key = blind_key(pairs, seed=seed, title=title, question=question)
    folder = Path(folder)
    kept, shown = folder / "key.json", folder / "page.html"
    if shown.exists() and not kept.exists():
        raise ValueError(f"{shown} is there without its key; take another folder, or move it away")
    if kept.exists() and json.loads(kept.read_text("utf8")) != key:
        raise ValueError(f"{kept} is the key of another page; take another folder, or move it away")
    folder.mkdir(parents=True, exist_ok=True)
    _replace(kept, json.dumps(key, ensure_ascii=False, indent=1) + "\n")
    _replace(shown, page)
    return shown


def _replace(path: Path, text: str) -> None:
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, "utf8")
    part.replace(path)


def _blinded(pairs, seed: int, title: str, question: str) -> tuple[list[dict], dict]:
    """What the page may know, and what it may not."""
    _check(pairs, title, question)
    plain = [{who: _plain(text) for who, text in pair.items()} for pair in pairs]
    asked = json.dumps([plain, seed, title, question])
    is_swapped = [bool(i % 2) for i in range(len(pairs))]
    random.Random(seed).shuffle(is_swapped)
    items, key = [], {}
    for number, (pair, swap) in enumerate(zip(pairs, is_swapped, strict=True), start=1):
        marks = {_digest(f"{asked}{number} {who}")[:8]: who for who in pair}
        texts = [dict(mark=mark) | _shown(pair[who]) for mark, who in marks.items()]
        items.append(dict(item=str(number), texts=texts[::-1] if swap else texts))
        key[str(number)] = marks
    return items, dict(page=_digest(asked)[:12], seed=seed, title=title, items=key)


def _shown(text: str | Live) -> dict[str, str]:
    return {"html" if isinstance(text, Live) else "text": _plain(text)}


def _plain(text: str | Live) -> str:
    return text.html if isinstance(text, Live) else text


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _check(pairs, title: str, question: str) -> None:
    if not pairs or not title.strip() or not question.strip():
        raise ValueError(
            f"a page has pairs, a title and a question; got {len(pairs)} pairs, {title!r}, "
            f"{question!r}"
        )
    for number, pair in enumerate(pairs, start=1):
        texts = [_plain(text) for text in pair.values()]
        if len(texts) != 2 or not all(text.strip() for text in texts) or texts[0] == texts[1]:
            raise ValueError(
                f"pair {number} is of {len(texts)} texts by {', '.join(pair) or 'nobody'}; want "
                "two different ones, neither empty, such as {'human': '…', 'model': '…'}"
            )
