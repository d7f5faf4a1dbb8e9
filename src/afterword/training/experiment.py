"""A small experiment: a function called for each point of a grid and each seed.

    def trial(optimizer, lr, *, seed):
        ...
        return {"loss": loss}

    runs = run(trial, {"optimizer": ["adamw", "muon"], "lr": [1e-3, 1e-2]}, seeds=range(3))

``evaluation.intervals`` has ``summary`` and ``difference`` for what comes out.
"""

import itertools
import json
import math
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from afterword.runtime import cache_folder
from afterword.training.fingerprints import fingerprint
from afterword.training.tables import (
    COMMITTED,
    Table,
    read_table,
    this_command,
    this_machine,
    today,
    write_table,
)


def run(
    function: Callable,
    grid: Mapping[str, Sequence],
    *,
    seeds: Sequence[int],
    table: str | Path | None = None,
) -> pd.DataFrame:
    """Call ``function(**point, seed=seed)`` for each point of the grid and each seed.

    The function returns one record, a dict of finite numbers or text, or a list of them, such
    as the points of a curve. The frame has a row for each record: the point, the seed, the
    record. Its ``attrs`` say how the rows came about: command, machine, date.

    With ``table``, a call is kept as soon as it ends, and none is made twice unless the function
    has changed (see ``fingerprint``). A name means the committed table of that name and, for
    what that lacks, a file of your own, in the folder ``AFTERWORD_RUNS`` or else in
    ``~/.cache/afterword/runs``. A path means that file. With ``AFTERWORD_RECOMPUTE=1``
    everything is computed anew.
    """
    calls, files = _calls(grid, seeds), _files(table)
    new = _new_table(function, grid)
    stored = _stored(files, new, calls)
    done = {}
    for each in reversed(stored):  # where two have a call, the first is right
        done |= _by_call(each)
    missing = [call for call in calls if _identity(call) not in done]
    for call in missing:
        done[_identity(call)] = rows = _made(function, call, files)
        if files:
            _keep(files[-1], new, call, rows)
    frame = pd.DataFrame([row for call in calls for row in done[_identity(call)]])
    used = [each for each in stored if each.rows] + [new] * bool(missing)
    frame.attrs = {name: _joined(used, name) for name in ("command", "machine", "date")}
    return frame


def _calls(grid: Mapping[str, Sequence], seeds: Sequence[int]) -> list[dict]:
    """The arguments of each call, in the order of the grid, its first name changing slowest."""
    values = {name: [_plain(value) for value in grid[name]] for name in grid}
    values["seed"] = [_plain(seed) for seed in seeds]
    for name, each in values.items():
        if not each or len({_identity(value) for value in each}) < len(each):
            raise ValueError(f"{name} has the values {each}: want at least one, and none twice")
    if "seed" in grid or any(type(seed) is not int for seed in values["seed"]):
        raise ValueError(f"seeds are whole numbers and not in the grid; got {values['seed']}")
    return [dict(zip(values, point, strict=True)) for point in itertools.product(*values.values())]


def _made(function: Callable, call: dict, files: Sequence[Path]) -> list[dict]:
    """The rows of one call; what goes wrong in it says where it was."""
    try:
        result = function(**call)
        records = [result] if isinstance(result, Mapping) else list(result)
        if not records or not all(isinstance(record, Mapping) for record in records):
            raise ValueError(f"it returned {result!r:.80}; a dict or a list of dicts was wanted")
        if clash := {name for record in records for name in record if name in call}:
            raise ValueError(f"it returned {sorted(clash)}, as the call has: rename them")
        return [call | {name: _plain(record[name]) for name in record} for record in records]
    except Exception as error:
        arguments = ", ".join(f"{name}={value!r}" for name, value in call.items())
        kept = f"; the calls before it are kept in {files[-1]}" if files else ""
        error.add_note(f"This was {function.__name__}({arguments}){kept}.")
        raise


def _new_table(function: Callable, grid: Iterable[str]) -> Table:
    made = dict(command=this_command(), machine=this_machine(), date=today())
    of = dict(function=function.__name__, fingerprint=fingerprint(function), grid=sorted(grid))
    return Table(**made, **of, seeds=[], rows=[])


def _files(table: str | Path | None) -> list[Path]:
    """Where rows may be, the best first; new ones go to the last."""
    if table is None:
        return []
    if isinstance(table, Path):
        return [table]
    if not re.fullmatch(r"[\w-]+", table):
        raise ValueError(f"a table's name has letters, digits, - and _; got {table!r} (or a Path)")
    own = Path(os.environ.get("AFTERWORD_RUNS") or cache_folder() / "runs")
    return [COMMITTED / f"{table}.json", own / f"{table}.json"]


def _stored(files: Sequence[Path], new: Table, calls: list[dict]) -> list[Table]:
    """What the files have of these calls, the best first; nothing if all is to be made anew."""
    tables = [read_table(file) for file in files if file.exists()]
    if os.environ.get("AFTERWORD_RECOMPUTE", "0") in ("", "0"):
        _say_what_is_lacking(tables[:1], files, new, calls)
        return [_only(each, calls) for each in tables if _serves(each, new)]
    if files and files[-1].exists() and _serves(tables[-1], new):
        write_table(files[-1], _without(tables[-1], calls))
    return []


def _serves(table: Table, new: Table) -> bool:
    """Whether a stored table's rows are what the function would compute."""
    if table.function != new.function:
        raise ValueError(
            f"the table holds runs of {table.function!r}, and {new.function!r} came; "
            "give each function a table of its own"
        )
    return (table.fingerprint, table.grid) == (new.fingerprint, new.grid)


def _say_what_is_lacking(tables: list[Table], files, new: Table, calls: list[dict]) -> None:
    """One sentence if there is a table and it, the committed one if any, does not have it all."""
    for table in tables:
        is_stale = not _serves(table, new)
        n = len(calls) - (0 if is_stale else len(_by_call(_only(table, calls))))
        stale = f"is stale ({new.function} has changed since {table.date})"
        why = stale if is_stale else "lacks some"
        if n:
            here = f"{n} of {len(calls)} calls come from this machine"
            print(f"The table {files[-1].stem} {why}: {here}.")


def _keep(file: Path, new: Table, call: dict, rows: list[dict]) -> None:
    """Add the rows of a call to the file, whose others stay if they are of this function."""
    old = read_table(file) if file.exists() else new
    old = _without(old, [call]) if _serves(old, new) else new
    tables = [old, new] if old.rows else [new]
    described = {name: _joined(tables, name) for name in ("command", "machine")}
    rows = [*old.rows, *rows]
    seeds = sorted({row["seed"] for row in rows})
    write_table(file, replace(new, **described, seeds=seeds, rows=rows))


def _only(table: Table, calls: list[dict]) -> Table:
    """The table with the rows of these calls alone."""
    wanted = {_identity(call) for call in calls}
    return replace(table, rows=[r for r in table.rows if _identity_in(r, calls[0]) in wanted])


def _without(table: Table, calls: list[dict]) -> Table:
    """The table without the rows of these calls."""
    wanted = {_identity(call) for call in calls}
    return replace(table, rows=[r for r in table.rows if _identity_in(r, calls[0]) not in wanted])


def _by_call(table: Table) -> dict[str, list[dict]]:
    done = {}
    for row in table.rows:
        done.setdefault(_identity_in(row, [*table.grid, "seed"]), []).append(dict(row))
    return done


def _identity(value) -> str:
    """1, 1.0 and True are equal and yet different arguments: their JSON tells them apart."""
    return json.dumps(value, sort_keys=True)


def _identity_in(row: Mapping, names: Iterable[str]) -> str:
    return _identity({name: row.get(name) for name in names})


def _joined(tables: Sequence[Table], name: str) -> str:
    parts = [part for table in tables for part in getattr(table, name).split("; ")]
    return "; ".join(dict.fromkeys(parts))


def _plain(value):
    """A number, text or None, as JSON can hold it; arrays of one number are such a number."""
    value = value.item() if hasattr(value, "item") else value
    is_finite = not isinstance(value, float) or math.isfinite(value)
    if is_finite and (value is None or type(value) in (bool, int, float, str)):
        return value
    raise ValueError(
        f"{value!r:.80} came where a finite number or text was wanted (None if there is nothing "
        "to report)"
    )
