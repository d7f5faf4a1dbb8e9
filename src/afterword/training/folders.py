"""A folder that is there whole or not at all, whatever happens while it is written.

It is written under another name, forced to the disk, and only then given its own; it leaves the
other way round. So whatever carries a final name is whole, also after a kill or a loss of power.
Each folder holds the SHA-256 of its files, as ``sha256sum -c SHA256SUMS`` reads it.
"""

import contextlib
import errno
import hashlib
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

SUMS = "SHA256SUMS"
NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def write_folder(path: Path, contents: Mapping[str, bytes]) -> None:
    """Write the files, and give the folder its name when all of them are on the disk.

    A folder already there by that name is replaced; until the new one has the name it is kept,
    whole, as ``NAME.old``. A full disk is a ``ValueError``, and leaves what was there as it was.
    """
    sums = "".join(f"{hashlib.sha256(data).hexdigest()}  {n}\n" for n, data in contents.items())
    contents = {**contents, SUMS: sums.encode()}
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(path.parent)
    part = _temporary(path)
    try:
        part.mkdir()
        for name, data in contents.items():
            _write(part / name, data)
        _sync(part)
        _give_name(part, path)
    except BaseException as error:  # an interrupt, too, leaves nothing behind
        shutil.rmtree(part, ignore_errors=True)
        if isinstance(error, OSError) and error.errno in NO_ROOM:
            raise ValueError(_no_room(path, sum(map(len, contents.values())))) from error
        raise


def remove_folder(path: Path) -> None:
    """Take the name away first, so that no half-removed folder ever carries it."""
    part = _temporary(path)
    path.rename(part)
    shutil.rmtree(part)


def check_folder(path: Path) -> None:
    """Raise ``ValueError`` unless all files are there, and each as it was written."""
    try:
        lines = (path / SUMS).read_text().splitlines()
        sums = {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
    except FileNotFoundError:
        raise ValueError(f"{path} is not whole: {SUMS} is missing{_CURE}") from None
    except ValueError:  # not text, or not such lines
        raise ValueError(f"{path} is damaged: {SUMS} cannot be read{_CURE}") from None
    for name in sorted(sums.keys() | {file.name for file in path.iterdir()} - {SUMS}):
        if name not in sums:
            raise ValueError(f"{path} holds {name}, which {SUMS} does not name{_CURE}")
        if not (path / name).is_file():
            raise ValueError(f"{path} is not whole: {name} is missing{_CURE}")
        with open(path / name, "rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != sums[name]:
                raise ValueError(f"{path} is damaged: {name} is not as it was written{_CURE}")


_CURE = "; copy it here again, or remove it and take an earlier one"


def _write(file: Path, data: bytes) -> None:
    with open(file, "xb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())


def _sync(folder: Path) -> None:
    """Force the folder's list of names to the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _give_name(part: Path, path: Path) -> None:
    old = path.with_name(f"{path.name}.old")
    if path.exists():
        if old.exists():
            remove_folder(old)
        path.rename(old)
    part.rename(path)
    _sync(path.parent)
    if old.exists():
        remove_folder(old)


def _temporary(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.part")


def _remove_leftovers(folder: Path) -> None:
    """Remove what dead writers, or an earlier process with our number, left half-way."""
    for part in folder.glob(".*.part"):
        number = re.search(r"\.(\d+)\.part$", part.name)
        if number and (int(number[1]) == os.getpid() or not _is_alive(int(number[1]))):
            shutil.rmtree(part)


def _is_alive(process: int) -> bool:
    with contextlib.suppress(PermissionError):  # alive, and another user's
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return False
    return True


def _no_room(path: Path, n_bytes: int) -> str:
    free = shutil.disk_usage(path.parent).free
    return (
        f"no room for {path.name}: {n_bytes} bytes were to be written in {path.parent}, where "
        f"{free} are free; what was there before is as it was. Make room, or keep fewer"
    )
