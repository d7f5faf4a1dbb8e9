"""Where the work is done: the device, the seed, the cache, and what a block of code took."""

import contextlib
import ctypes
import os
import random
import sys
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

TOLERANCE = 1e-4  # largest difference from the CPU in the self-check, relative and absolute


def choose_device(name: str | None = None) -> torch.device:
    """The device to work on: CUDA when there is one, else the CPU.

    ``name`` asks for one: ``"cpu"``, ``"cuda"``, ``"cuda:1"`` or ``"mps"``. Apple's MPS is
    taken only when asked for. A device other than the CPU must first agree with it on one small
    batch; one that is missing or fails costs a printed sentence, and the CPU is used.
    """
    wanted = name or ("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(wanted)
    except RuntimeError as error:
        raise ValueError(f"no device is called {wanted!r}; use cpu, cuda or mps") from error
    if device.type == "cpu":
        return device
    try:
        difference = _largest_difference(device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).strip().splitlines()[0]
        print(f"The device {wanted!r} cannot be used ({reason}); using the CPU.")
        return torch.device("cpu")
    if not difference <= TOLERANCE:  # also when it is NaN
        print(
            f"The device {wanted!r} differs from the CPU by {difference:.1e} on one batch, "
            f"more than {TOLERANCE:.0e}; using the CPU."
        )
        return torch.device("cpu")
    if device.type == "mps":
        print(f"mps agrees with the CPU to {difference:.1e} ({TOLERANCE:.0e} is allowed).")
    return device


def _largest_difference(device: torch.device) -> float:
    """One batch, forward and backward, here and on the CPU: the largest relative difference."""
    rng = torch.Generator().manual_seed(0)
    x, weight = torch.randn(8, 16, generator=rng), torch.randn(16, 32, generator=rng)
    targets = torch.randint(32, (8,), generator=rng)

    def loss_and_gradient(where):
        w = weight.to(where).requires_grad_()
        loss = F.cross_entropy(F.layer_norm(x.to(where), (16,)) @ w, targets.to(where))
        (gradient,) = torch.autograd.grad(loss, w)
        return torch.cat([loss.detach().cpu().reshape(1), gradient.cpu().flatten()])

    ours, reference = loss_and_gradient(device), loss_and_gradient("cpu")
    return ((ours - reference).abs() / (1 + reference.abs())).max().item()


def seed_everything(seed: int) -> torch.Generator:
    """Seed Python, NumPy and torch on every device; the generator returned is seeded too.

    What draws in this book takes a generator. The global seeds are for what takes none, such as
    the first weights of a layer.
    """
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002  the libraries around us still use it
    torch.manual_seed(seed)
    return torch.Generator().manual_seed(seed)


def keep_freed_memory() -> bool:
    """Let this process keep the memory that tensors leave, for the next ones; True if it can.

    On Linux each large tensor is else fetched from the system and given back, page by page, at
    every step: a tenth of the time of a small training step. Where the C library is not glibc,
    nothing changes.
    """
    trim, mmap = -1, -3  # M_TRIM_THRESHOLD, M_MMAP_THRESHOLD of glibc's malloc.h
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    return bool(mallopt and mallopt(mmap, 2**30) and mallopt(trim, 2**31 - 1))


def cache_folder() -> Path:
    """Where what took long to make is kept; ``AFTERWORD_CACHE`` moves it."""
    return Path(os.environ.get("AFTERWORD_CACHE") or Path.home() / ".cache/afterword")


class Stopwatch:
    """Seconds and peak memory of a block.

        with Stopwatch() as watch:
            ...
        print(f"{watch.seconds:.1f} s, {watch.peak_bytes / 1e9:.2f} GB")

    On a CUDA device, ``peak_bytes`` is the most that tensors held at once. On the CPU it is the
    most the whole process held (resident) during the block; where the system cannot start that
    count anew (macOS), since the process began.
    """

    def __init__(self, device: torch.device | str = "cpu"):
        self.device = torch.device(device)
        self.seconds = self.peak_bytes = 0

    def __enter__(self) -> "Stopwatch":
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
            torch.cuda.reset_peak_memory_stats(self.device)
        else:
            _restart_peak()
        self._start = time.perf_counter()
        return self

    def __exit__(self, *error) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        self.seconds = time.perf_counter() - self._start
        cuda = self.device.type == "cuda"
        self.peak_bytes = torch.cuda.max_memory_allocated(self.device) if cuda else _peak()


def _restart_peak() -> None:
    with contextlib.suppress(OSError):  # not Linux: the peak is that of the whole process
        Path("/proc/self/clear_refs").write_text("5")  # VmHWM, read below, starts anew


def _peak() -> int:
    status = Path("/proc/self/status")
    if status.exists():
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(lines["VmHWM"].split()[0]) * 1024
    import resource  # not on Windows, where Linux's WSL is used

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
