"""Tables of runs: what was measured, with how it was made, one JSON file each.

Those that chapters rest on are committed in ``data/runs``. A file holds the command that makes
it, the machine, the date, the seeds, and rows: flat records that each name their seed.
"""

import datetime
import json
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

COMMITTED = Path(__file__).parents[1] / "data/runs"
Row = Mapping[str, float | int | str | bool | None]


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows, and how they came about. ``fingerprint`` is of the function that computed them."""

    command: str
    machine: str
    date: str
    seeds: Sequence[int]
    function: str = ""
    fingerprint: str = ""
    grid: Sequence[str] = ()
    rows: Sequence[Row]

    def __post_init__(self):
        for row in self.rows:
            if row.get("seed") not in self.seeds:
                raise ValueError(f"a row's seed must be one of {list(self.seeds)}, got {row}")


def read_table(path: Path) -> Table:
    """The table in that file."""
    try:
        return Table(**json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError, AttributeError) as error:
        raise ValueError(
            f"{path.name} is damaged ({error}); wanted a JSON object of command, machine, date, "
            "seeds and rows that each name their seed. Restore it, or delete it to compute it anew"
        ) from error


def write_table(path: Path, table: Table) -> Path:
    """Write a table whole or not at all, a line for each row so that changes can be read."""
    fields = asdict(table)
    rows = ",\n".join("  " + _json(row) for row in fields.pop("rows"))
    head = "".join(f' "{name}": {_json(value)},\n' for name, value in fields.items())
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        partial.write_text(f'{{\n{head} "rows": [\n{rows}\n ]\n}}\n', encoding="utf-8")
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
    return path


def known_tables(folder: Path) -> str:
    """The names of the tables in a folder, for messages."""
    return ", ".join(sorted(file.stem for file in Path(folder).glob("*.json"))) or "none yet"


def this_command() -> str:
    """What was typed to start this; ``AFTERWORD_COMMAND`` says it where that tells nothing."""
    if "AFTERWORD_COMMAND" in os.environ:
        return os.environ["AFTERWORD_COMMAND"]
    typed = " ".join(["python", *sys.orig_argv[1:]])
    return "a notebook" if "kernel_launcher" in typed else typed


def this_machine() -> str:
    """Processor, cores, threads, GPU and versions in one line."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    parts = [
        names[0] if names else platform.machine(),
        f"{os.cpu_count()} cores",
        f"threads: {torch.get_num_threads()}",
        *([torch.cuda.get_device_name()] if torch.cuda.is_available() else []),
        f"Python {platform.python_version()}",
        f"torch {torch.__version__}",
    ]
    return ", ".join(parts)


def today() -> str:
    return datetime.date.today().isoformat()


def _json(value) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
