"""The order of the package, enforced: each part may import only the parts listed for it."""

import ast
import subprocess
import sys
from pathlib import Path

import afterword

ROOT = Path(afterword.__file__).parent
MAY_IMPORT = {
    "runtime": set(),
    "plots": set(),
    "text": {"runtime"},
    "model": {"runtime"},
    "sampling": {"runtime"},
    "training": {"runtime"},
    "interop": {"runtime", "text", "model", "sampling", "evaluation", "forms", "plots"},
    "evaluation": {"runtime", "text", "sampling", "training"},
    "music": {"runtime", "text", "evaluation", "sampling", "plots"},
    "forms": {"runtime", "text", "evaluation", "sampling", "music"},
    "finetuning": {"runtime", "text", "model", "training", "interop"},
    "commands": {"runtime", "text", "model", "sampling", "training", "evaluation", "interop"},
    "exercises": {"runtime", "text", "model", "sampling", "finetuning", "evaluation"},
    "__main__": {"commands"},
}
# one command under another name: torchrun and accelerate launch start `-m afterword.training`
EXCEPT = {"training/__main__.py": {"commands"}}


def imported_parts(source: str) -> set[str]:
    modules = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are written in full"
            modules += [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            modules += [alias.name for alias in node.names]
    return {module.split(".")[1] for module in modules if module.startswith("afterword.")}


def test_imports_point_one_way():
    for file in ROOT.rglob("*.py"):
        part = file.relative_to(ROOT).parts[0].removesuffix(".py")
        if part != "__init__":
            excepted = EXCEPT.get(file.relative_to(ROOT).as_posix(), set())
            allowed = MAY_IMPORT[part] | {part} | excepted
            extra = imported_parts(file.read_text()) - allowed
            assert not extra, f"{file.relative_to(ROOT)} must not import {sorted(extra)}"


def test_an_arrow_in_the_wrong_direction_would_be_seen():
    assert imported_parts("from afterword.evaluation import likelihood") == {"evaluation"}
    assert imported_parts("def f():\n    import afterword.text.bpe") == {"text"}


def test_files_stay_short_and_subpackages_start_empty():
    for file in ROOT.rglob("*.py"):
        n_lines = len(file.read_text().splitlines())
        assert n_lines <= 260, f"{file.relative_to(ROOT)} has {n_lines} lines: split it"
        if file.name == "__init__.py" and file.parent != ROOT:
            assert n_lines == 0, f"{file.relative_to(ROOT)} must stay empty"


def test_importing_the_package_does_nothing():
    code = "import sys, afterword; print({'torch', 'matplotlib', 'numpy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
    assert done.stderr == ""
