"""The results of a run: JSON lines for programs, TensorBoard events for the eye.

    header, rows = read_results("runs/nanogpt-cpu/results.jsonl")
    steps = [row for row in rows if row["kind"] == "step"]

Kinds of rows, each with its ``step``: ``step`` (loss before the update in nats per token,
gradient_norm, factor, n_tokens, seconds spent in steps since the run began), ``evaluation``
(loss in nats per token, bits_per_byte) and ``sample`` (text).
"""

import json
import os
from pathlib import Path

FORMAT = 1
NAME = "results.jsonl"


class Results:
    """Appends rows to the file, each readable from the moment it is written.

    ``step`` is that of the checkpoint from which the run goes on: what a lost part of it wrote
    after that is dropped. At 0 the file begins anew, with ``header``.
    """

    def __init__(self, folder: Path, *, header: dict, step: int):
        from torch.utils.tensorboard import SummaryWriter  # takes a second, and few need it

        folder.mkdir(parents=True, exist_ok=True)
        path = folder / NAME
        kept = [{"kind": "header", "format": FORMAT} | header]
        if step > 0:
            header, rows = read_results(path)
            kept = [header, *(row for row in rows if row["step"] <= step)]
        partial = path.with_suffix(".partial")
        partial.write_text("".join(map(_line, kept)), encoding="utf-8")
        os.replace(partial, path)
        self._file = path.open("a", encoding="utf-8")
        self._events = SummaryWriter(str(folder / "events"), purge_step=step + 1)

    def add(self, kind: str, *, step: int, **values: float | str) -> None:
        self._file.write(_line({"kind": kind, "step": step} | values))
        self._file.flush()
        for name, value in values.items():
            if isinstance(value, float):
                self._events.add_scalar(f"{kind}/{name}", value, step)
            elif isinstance(value, str):
                self._events.add_text(f"{kind}/{name}", value, step)

    def close(self) -> None:
        self._file.close()
        self._events.close()


def read_results(path: str | Path) -> tuple[dict, list[dict]]:
    """The header and the rows; a last line that a killed run left unfinished is no row."""
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"there are no results at {path}; train first, or give another path")
    try:
        lines = path.read_text(encoding="utf-8").split("\n")[:-1]
        header, *rows = map(json.loads, lines)
        if header["kind"] != "header" or not all(row["kind"] and row["step"] > 0 for row in rows):
            raise KeyError
        found = header["format"]
    except (ValueError, KeyError, TypeError) as error:
        wanted = "a header and rows as JSON lines"
        raise ValueError(f"{path} is damaged; {wanted} were wanted; run again") from error
    if found != FORMAT:
        raise ValueError(
            f"{path} is of format {found}, this version reads {FORMAT}; use the version of "
            "afterword that wrote it"
        )
    return header, rows


def _line(row: dict) -> str:
    return json.dumps(row, ensure_ascii=False) + "\n"
