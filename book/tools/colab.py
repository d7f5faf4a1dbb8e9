"""What Colab has, and an environment made after it: for make alone and its tests."""

import ast
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "_build" / "alone"
LIST, LOCK = ROOT / "book/colab.txt", ROOT / "constraints.txt"
VERSION = "3.12"  # Colab's own
VERSIONS = {VERSION: LIST, "3.11": LOCK, "3.13": LOCK}
UV = Path(sys.executable).with_name("uv")


class Asked(NamedTuple):
    """What a chapter asks of pip: the options, the book's package with its address, the others."""

    options: list[str]
    own: str
    others: list[str]


def plain(name: str) -> str:
    """A package's name as pip compares names."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(file: Path) -> dict[str, str]:
    """Package → version, of a file with a line ``name==version`` for each."""
    found = re.findall(r"^([\w.-]+)==([^\s;]+)", file.read_text(encoding="utf-8"), re.MULTILINE)
    return {plain(name): version for name, version in found}


def asked_of_pip(first_cell: str) -> Asked:
    """What a chapter's first cell runs where the package is missing, without running it."""
    (block,) = (node for node in ast.parse(first_cell).body if isinstance(node, ast.If))
    commands = []
    catch = SimpleNamespace(run=lambda command, check: commands.append(command))
    body = compile(ast.Module(block.body, type_ignores=[]), "<install line>", "exec")
    exec(body, {"subprocess": catch, "sys": SimpleNamespace(executable="python")})
    (command,) = commands
    words = command[command.index("install") + 1 :]
    options = [word for word in words if word.startswith("-")]
    (own,) = (word for word in words if " @ " in word)
    return Asked(options, own, [word for word in words if word not in (*options, own)])


def find_python(version: str) -> str | None:
    """A Python of that version that runs: on the path, of pyenv, or one that uv knows."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    near = [shutil.which(f"python{version}"), *pyenv.glob(f"versions/{version}.*/bin/python")]
    for python in filter(None, [*near, version]):
        command = [UV, "python", "find", "--no-python-downloads", "--system", python]
        answer = subprocess.run(command, capture_output=True, text=True)
        if answer.returncode == 0:
            return answer.stdout.strip()
    return None


def make_base(version: str, python: str) -> Path:
    """The Python of an environment with what Colab has; made anew when the list has changed."""
    listed, folder = VERSIONS[version], FOLDER / version
    left_out = set() if sys.platform == "linux" else {"triton"}  # it is for Linux only
    names = sorted({"pip", *(pins(LIST).keys() & pins(listed).keys())} - left_out)
    text = listed.read_text(encoding="utf-8") + " ".join(names) + python
    key, mark = hashlib.sha256(text.encode()).hexdigest(), folder / "made-of"
    if not mark.exists() or mark.read_text() != key:
        shutil.rmtree(folder, ignore_errors=True)
        uv("venv", "--python", python, folder)
        uv("pip", "install", "--python", folder / "bin/python", "-c", listed, *names)
        mark.write_text(key)
    return folder / "bin" / "python"


def make_wheels(base: Path, first_cells: list[str]) -> Path:
    """A folder with this working tree's wheel and those of all that the chapters ask pip for."""
    folder = base.parents[1] / "wheels"
    shutil.rmtree(folder, ignore_errors=True)
    uv("build", "-o", folder, ROOT)
    others = sorted({name for cell in first_cells for name in asked_of_pip(cell).others})
    build = [base, "-m", "pip", "wheel", "-q", "--no-deps", "-c", LOCK, "-w", folder, *others]
    subprocess.run(build, check=True)
    return folder


def replaced_by(base: Path, wheel: Path) -> set[str]:
    """What pip would replace if the wheel were installed with all that it requires."""
    dry = [UV, "pip", "install", "--dry-run", "--python", base, wheel]
    said = subprocess.run(dry, capture_output=True, text=True, check=True).stderr
    return {plain(name) for name in re.findall(r"^ - ([\w.-]+)==", said, re.MULTILINE)}


def empty_environment(base: Path, folder: Path) -> Path:
    """A kernel, ``kernels/alone``, that has all that ``base`` has and no network.

    Returns the place where its pip puts what it installs.
    """
    uv("venv", "--python", base, folder / "env")
    (own,) = folder.glob("env/lib/python*/site-packages")
    shared = subprocess.check_output(
        [base, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], text=True
    )
    shutil.copy(ROOT / "book/tools/no_network.py", own)
    (own / "alone.pth").write_text(f"{shared.strip()}\nimport no_network\n")
    python = [str(folder / "env/bin/python"), "-Xfrozen_modules=off"]
    start = [*python, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = folder / "kernels/alone/kernel.json"
    spec.parent.mkdir(parents=True)
    spec.write_text(json.dumps({"argv": start, "display_name": "alone", "language": "python"}))
    return own


def installed_in(site_packages: Path) -> set[str]:
    """The packages whose metadata lie there."""
    return {plain(path.name.split("-")[0]) for path in site_packages.glob("*.dist-info")}


def uv(*command) -> None:
    subprocess.run([UV, *command[:1], "-q", *command[1:]], check=True)
