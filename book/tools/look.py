"""Take pictures of the built pages, in a real browser with the network cut.

    python book/tools/look.py                          every page, desktop and phone, light and dark
    python book/tools/look.py --whole book/index.html  one page, from top to bottom
    python book/tools/look.py --to FOLDER              somewhere else than _build/looks

tests/book/test_pages.py drives the same browser.
"""

import argparse
import contextlib
import functools
import http.server
import os
import shutil
import threading
from pathlib import Path

ROOT = Path(__file__).parents[2]
HTML = ROOT / "_build" / "html"
SIZES = {"desktop": {"width": 1440, "height": 900}, "phone": {"width": 390, "height": 844}}
MODES = ("light", "dark")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
]
INSTALL = (
    "No Chromium, so the pages were NOT looked at. Install one (apt install chromium, "
    "or: playwright install chromium), or set CHROMIUM to where it is."
)


def chromium():
    """Where the browser is: CHROMIUM if set, else one on the path, else playwright's own."""
    if chosen := os.environ.get("CHROMIUM"):
        return shutil.which(chosen)
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        own = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH", Path.home() / ".cache/ms-playwright"))
        found = next(map(str, sorted(own.glob("chromium-*/chrome-*/chrome"), reverse=True)), None)
    return found


def pages(html=HTML):
    """Every page of the book, as addresses relative to its folder. (index.html only leads on.)"""
    found = (path.relative_to(html) for path in html.rglob("*.html"))
    return sorted(
        path.as_posix() for path in found if path.parts[0] not in ("_static", "index.html")
    )


@contextlib.contextmanager
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chrome = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield chrome
        chrome.close()


class Silent(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@contextlib.contextmanager
def served(html=HTML):
    """The book on a port of this machine: yields its address."""
    handler = functools.partial(Silent, directory=str(html))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def visit(chrome, address, size, mode="light"):
    """Open a page and wait until it is drawn.

    `page.heard` collects what went wrong on the way, `page.fetched` every answer that came.
    """
    page = chrome.new_page(viewport=size, color_scheme=mode, reduced_motion="reduce")
    page.heard, page.fetched = [], []
    page.on("response", lambda got: page.fetched.append(got))
    page.on(
        "request",
        lambda request: leaves(request.url) and page.heard.append(f"asked for {request.url}"),
    )
    page.on(
        "console", lambda said: said.type == "error" and page.heard.append(f"console: {said.text}")
    )
    page.on("pageerror", lambda error: page.heard.append(f"script: {error}"))
    page.on(
        "response", lambda got: got.status >= 400 and page.heard.append(f"{got.status} {got.url}")
    )
    page.goto(address, wait_until="load")
    settle(page)
    return page


ALL_PICTURES = """() => Promise.all([...document.images].map(picture => {
    picture.loading = "eager"; // most come only when the reader is near
    return picture.decode().catch(() => {});
}))"""


def leaves(url):
    return not url.startswith(("http://127.0.0.1:", "file:", "data:", "blob:"))


def settle(page):
    page.evaluate(
        "async () => { await window.MathJax?.startup?.promise; await document.fonts.ready }"
    )
    page.wait_for_timeout(100)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pages", nargs="*")
    parser.add_argument("--to", type=Path, default=ROOT / "_build" / "looks")
    parser.add_argument("--whole", action="store_true", help="the page from top to bottom")
    wanted = parser.parse_args()
    if chromium() is None:
        raise SystemExit(INSTALL)
    wanted.to.mkdir(parents=True, exist_ok=True)
    with served() as address, browser() as chrome:
        for name in wanted.pages or pages():
            for size in SIZES:
                for mode in MODES:
                    page = visit(chrome, address + name, SIZES[size], mode)
                    if wanted.whole:
                        page.evaluate(ALL_PICTURES)
                    file = f"{name.removesuffix('.html').replace('/', '-')}-{size}-{mode}.png"
                    page.screenshot(path=wanted.to / file, full_page=wanted.whole)
                    print(wanted.to / file, *page.heard, sep="\n  ")
                    page.close()


if __name__ == "__main__":
    main()
