"""Time and memory: recorded by `make run`, for the code as it is, and within the limits.

The opening of a chapter says what it takes: **Time** about 70 seconds and 2.1 GB on two CPU
cores. That must be near the record. Of a GPU it says what was measured on one, about 20 seconds on
a T4, or that nothing was: not yet timed on a T4.
"""

import csv
import hashlib
import re
from pathlib import Path

from book.checks.chapter import ROOT, Chapter, Finding

TIMES = ROOT / "book/times.csv"
MAX_SECONDS, MAX_MB = 150, 4_096
SAID = re.compile(r"\*\*Time\*\* about (\d+) seconds and (\d+(?:\.\d+)?) GB on two CPU cores")
SAID_OF_GPU = re.compile(r"about (\d+) seconds on an? ([^;,.]+)")
UNTIMED = "not yet timed on a T4"  # the GPU that Colab lends
NEAR = 1.5  # a shared machine is now fast, now slow


def code_hash(cells) -> str:
    """Eight letters that change when the code of a chapter does."""
    code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    return hashlib.sha256(code.encode()).hexdigest()[:8]


def records(chapter: Chapter, times: Path = TIMES) -> dict[str, dict]:
    """Device → what the chapter took there when it was last run."""
    rows = csv.DictReader(times.read_text(encoding="utf-8").splitlines()) if times.exists() else []
    return {row["device"]: row for row in rows if row["chapter"] == chapter.name}


def findings(chapter: Chapter, times: Path = TIMES) -> list[Finding]:
    run = f"CUDA_VISIBLE_DEVICES= make run CHAPTER={chapter.name[:2]}"
    rows = records(chapter, times)
    row = rows.pop("cpu", None)
    if row is None:
        return [chapter.finding(0, "its time is not recorded", run)]
    if row.get("code") != code_hash(chapter.cells):
        return [chapter.finding(0, "its code is not that whose time is recorded", run)]
    seconds, mb = float(row["seconds"]), float(row["peak_mb"])
    speaks_of_it = row.get("cores", "2") == "2"  # the opening says: on two CPU cores
    near = unlike(chapter, seconds, mb) if speaks_of_it else []
    return over(chapter, seconds, mb) + near + unsaid(chapter, rows)


def over(chapter: Chapter, seconds: float, mb: float) -> list[Finding]:
    found = []
    if seconds > MAX_SECONDS:
        wrong = f"it takes {seconds:.0f} s, over {MAX_SECONDS}"
        found.append(chapter.finding(0, wrong, "Make the experiment smaller or the code faster"))
    if mb > MAX_MB:
        wrong = f"it holds {mb:,.0f} MB, over {MAX_MB:,}"
        found.append(chapter.finding(0, wrong, "Free what is no longer needed, or halve the batch"))
    return found


def unlike(chapter: Chapter, seconds: float, mb: float) -> list[Finding]:
    """Whether the opening says something else than the record."""
    wanted = f"Write: **Time** about {seconds:.0f} seconds and {mb / 1024:.1f} GB on two CPU cores"
    said = SAID.search(chapter.cells[0].source)
    if not said:
        return [chapter.finding(0, "the opening does not say what it takes", wanted)]
    stated = max(float(said[1]), 1), max(float(said[2]), 0.1)
    ratios = max(seconds, 1) / stated[0], max(mb / 1024, 0.1) / stated[1]
    if all(1 / NEAR < ratio < NEAR for ratio in ratios):
        return []
    wrong = f"the opening says {said[1]} seconds and {said[2]} GB"
    return [chapter.finding(0, wrong, wanted)]


def unsaid(chapter: Chapter, rows: dict[str, dict]) -> list[Finding]:
    """What the opening keeps back, or makes up, of the time on GPUs."""
    said = {name: float(n) for n, name in SAID_OF_GPU.findall(chapter.cells[0].source)}
    measured = {device: float(row["seconds"]) for device, row in rows.items()}
    found = []
    for device, seconds in measured.items():
        stated = next((n for name, n in said.items() if device.endswith(name)), None)
        if stated is None or not 1 / NEAR < max(seconds, 1) / max(stated, 1) < NEAR:
            wanted = f"Write: about {seconds:.0f} seconds on a {device.split()[-1]}"
            found.append(chapter.finding(0, f"the opening keeps back its time on {device}", wanted))
    for name in said:
        if not any(device.endswith(name) for device in measured):
            wrong = f"the opening gives a time on a {name}, and none was measured"
            found.append(chapter.finding(0, wrong, f"make run there, or write: {UNTIMED}"))
    if not said and not measured and UNTIMED not in chapter.cells[0].source:
        found.append(chapter.finding(0, "the opening says nothing of a GPU", f"Write: {UNTIMED}"))
    return found
