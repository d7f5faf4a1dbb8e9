"""JupyterLab as `make lab` starts it, on a copy of the book, and how its tests drive it."""

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat

from book.checks.chapter import ROOT
from book.tools import look

COPIED = ("Makefile", "pyproject.toml", "constraints.txt", "book", "chapters")
LEFT_OUT = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")


def copy_of_the_book(folder: Path) -> Path:
    folder.mkdir()
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=LEFT_OUT)
        else:
            shutil.copy2(ROOT / name, folder / name)
    (folder / "src").mkdir()
    shutil.copy2(ROOT / "src/afterword/runtime.py", folder / "src/runtime.py")
    return folder


def last_lines_of_make(folder: Path, target: str, after: str, *variables: str) -> str:
    """What `make TARGET` would run in this environment, from the first line that says ``after``."""
    said = ["make", "--dry-run", "--no-print-directory", target, f"VENV={sys.prefix}", *variables]
    script = subprocess.check_output(said, cwd=folder, text=True)
    return script[script.index(after) :]


@contextlib.contextmanager
def jupyterlab(folder: Path):
    """A server on the copy in ``folder``, its settings and its log beside it: its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(16)
    options = f"--no-browser --allow-root --port={port} --ServerApp.port_retries=0"
    options += " --expose-app-in-browser"
    command = last_lines_of_make(folder, "lab", "JUPYTER_PREFER_ENV_PATH", f"LAB={options}")
    own = folder.parent / f"{folder.name}-jupyter"
    env = os.environ | {"JUPYTER_TOKEN": token, "OMP_NUM_THREADS": "1"}
    env |= {f"JUPYTER_{kind}_DIR": str(own / kind) for kind in ("CONFIG", "DATA", "RUNTIME")}
    with open(folder.parent / "server.log", "w") as log:
        server = subprocess.Popen(
            ["bash", "-c", command], cwd=folder, env=env, stdout=log, stderr=log
        )
    try:
        address = f"http://127.0.0.1:{port}"
        answers(f"{address}/api/status?token={token}", server)
        yield f"{address}/?token={token}"
    finally:
        server.terminate()
        server.wait(30)


def answers(address: str, server: subprocess.Popen, seconds: int = 60) -> None:
    for _ in range(seconds * 4):
        with contextlib.suppress(OSError):
            urllib.request.urlopen(address, timeout=2)
            return
        assert server.poll() is None, "the server ended"
        time.sleep(0.25)
    raise TimeoutError(f"no answer within {seconds} s")


class Lab:
    """JupyterLab in a browser: what it shows, and what it does when told."""

    def __init__(self, chrome, address: str, folder: Path):
        self.folder, self.heard = folder, []
        self.page = chrome.new_page(viewport=look.SIZES["desktop"])
        self.page.set_default_timeout(20_000)
        self.page.on(
            "pageerror", lambda error: self.heard.append(f"script: {error.message} {error.stack}")
        )
        self.page.on(
            "console",
            lambda said: said.type == "error" and self.heard.append(f"console: {said.text}"),
        )
        self.page.goto(address)
        self.page.wait_for_function("window.jupyterapp !== undefined", timeout=60_000)
        self.page.evaluate("() => { jupyterapp.restored.then(() => { window.done = true }) }")
        self.wait("window.done")

    def do(self, command: str, **arguments) -> None:
        """Execute one of JupyterLab's commands, and wait until it is done."""
        self.page.evaluate(
            "([c, a]) => { window.done = false;"
            " jupyterapp.commands.execute(c, a).then(() => { window.done = true }) }",
            [command, arguments],
        )
        self.wait("window.done")

    def start(self, command: str, **arguments) -> None:
        """Execute one that waits for an answer."""
        self.page.evaluate(
            "([c, a]) => { jupyterapp.commands.execute(c, a) }", [command, arguments]
        )

    def double_click(self, path: str) -> None:
        """On a name in the list of files, as a person does."""
        folder, _, name = path.rpartition("/")
        self.do("filebrowser:go-to-path", path=folder)
        self.page.locator(f".jp-DirListing-item[title*='Name: {name}']").dblclick()
        self.wait(f"jupyterapp.shell.currentWidget?.context?.path === '{path}'")
        self.wait("jupyterapp.shell.currentWidget.context.isReady")

    def wait(self, condition: str, seconds: int = 60) -> None:
        self.page.wait_for_function(f"() => {condition}", timeout=1000 * seconds)

    def wait_for_kernel(self, seconds: int = 60) -> None:
        kernel = "jupyterapp.shell.currentWidget.sessionContext?.session?.kernel"
        self.wait(f"{kernel}?.connectionStatus === 'connected'", seconds)
        self.wait(f"{kernel}?.status === 'idle'", seconds)

    def wait_for_runs(self, n_cells: int, seconds: int) -> None:
        """Until the last of the cells of code is done, or one of them failed."""
        cells = "[...jupyterapp.shell.currentWidget.content.model.cells]"
        code = f"{cells}.filter(cell => cell.type === 'code')"
        failed = "cell.sharedModel.getOutputs().some(({output_type: kind}) => kind === 'error')"
        done = f"{code}.at(-1).executionCount === {n_cells}"
        self.wait(f"{done} || {code}.some(cell => {failed})", seconds)
        self.wait_for_kernel()

    def is_notebook(self) -> bool:
        """Whether a notebook is in front."""
        return self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)").count() == 1

    def notebook(self) -> nbformat.NotebookNode:
        """The notebook in front, as JupyterLab holds it."""
        return nbformat.from_dict(
            self.page.evaluate("jupyterapp.shell.currentWidget.content.model.toJSON()")
        )

    def write(self, cell: int, source: str) -> None:
        self.page.evaluate(
            "([i, s]) => jupyterapp.shell.currentWidget.content.model.cells"
            ".get(i).sharedModel.setSource(s)",
            [cell, source],
        )

    def close_all(self) -> None:
        """Without keeping what was not saved."""
        self.page.evaluate(
            "for (const {context} of jupyterapp.shell.widgets('main'))"
            " if (context) context.model.dirty = false"
        )
        self.do("application:close-all")

    def asked(self) -> str:
        """What the dialogue in front says."""
        dialogue = self.page.locator(".jp-Dialog")
        dialogue.wait_for(timeout=20_000)
        return dialogue.inner_text()

    def answer(self, button: str) -> None:
        dialogue = self.page.locator(".jp-Dialog").element_handle()
        self.page.locator(".jp-Dialog button", has_text=button).last.click()
        dialogue.wait_for_element_state("hidden")
