"""Make the pages light, and still while they load.

* Font Awesome, two thirds of what a page would fetch, leaves the theme's style and the site; its
  script is left out by book/_templates. book/_static/icons.css draws the icons that pages show.
* Styles and scripts of extensions that no page uses are not asked for.
* Each picture says how large it is, so that nothing moves when it comes; those after the first
  come when the reader is near.
"""

import re
import shutil
from pathlib import Path

import imagesize

UNUSED = ("sphinx-design", "design-tabs", "toggle")
THEME = "styles/pydata-sphinx-theme.css"
ITS_FONTS = re.compile(r"@font-face\{[^}]*Font ?Awesome[^}]*\}")
ITS_SIGNS = re.compile(r'(?:\.fa-[\w-]+:before,?)+\{content:"[^"]*"\}')
PICTURE = re.compile(r'<img (?![^>]*\bwidth=)(?=[^>]*\bsrc="([^"]+)")')


def leave_out_what_is_unused(app, pagename, templatename, context, doctree):
    for key in ("script_files", "css_files"):
        context[key] = [asset for asset in context.get(key, []) if not is_unused(asset)]


def is_unused(asset):
    text = f"{getattr(asset, 'filename', asset)} {getattr(asset, 'attributes', '')}"
    return any(name in text for name in UNUSED)


def leave_out_font_awesome(app, error):
    if error or app.builder.format != "html":
        return
    static = Path(app.outdir, "_static")
    if (style := static / THEME).exists():
        text = ITS_SIGNS.sub("", ITS_FONTS.sub("", style.read_text("utf8")))
        style.write_text(text, "utf8")
    shutil.rmtree(static / "vendor/fontawesome", ignore_errors=True)
    for script in static.glob("scripts/fontawesome*"):
        script.unlink()


def size_the_pictures(app, pagename, templatename, context, doctree):
    """Give each <img> of a page its width and height, and all but the first loading="lazy"."""
    found = {name: Path(app.srcdir, path) for path, name in app.builder.images.items()}
    n_seen = 0

    def sized(match):
        nonlocal n_seen
        n_seen += 1
        file = found.get(match[1].rsplit("/", 1)[-1])
        width, height = imagesize.get(file) if file else (-1, -1)
        size = f'width="{width:.0f}" height="{height:.0f}" ' if height > 0 else ""
        return match[0] + size + ('loading="lazy" ' if n_seen > 1 else "")

    if "body" in context:
        context["body"] = PICTURE.sub(sized, context["body"])


def setup(app):
    app.connect("html-page-context", leave_out_what_is_unused, priority=900)
    app.connect("html-page-context", size_the_pictures)
    app.connect("build-finished", leave_out_font_awesome)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
