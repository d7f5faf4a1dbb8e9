"""What a run left in its folder, for the tests to look at."""

import json
from pathlib import Path

import torch
from safetensors.torch import load_file


def rows(run: str, kind: str) -> list[dict]:
    lines = Path("runs", run, "results.jsonl").read_text().splitlines()
    return [row for row in map(json.loads, lines) if row["kind"] == kind]


def losses(run: str) -> list[float]:
    return [row["loss"] for row in rows(run, "step")]


def weights(run: str, step: int) -> dict[str, torch.Tensor]:
    return load_file(Path("runs", run, f"step-{step:06d}", "model.safetensors"))


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)
