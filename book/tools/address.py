"""Carry repository.url from _config.yml to the places that must spell it out: make address.

A chapter alone in Colab has no _config.yml to read, nor has GitHub's README. The address that is
replaced is the one in CITATION.cff.
"""

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    new = yaml.safe_load((ROOT / "_config.yml").read_text())["repository"]["url"].rstrip("/")
    if not re.fullmatch(r"https://github\.com/[\w.-]+/[\w.-]+", new):
        raise SystemExit(
            f"_config.yml: repository.url is {new!r}; want https://github.com/OWNER/NAME, "
            "since Colab opens chapters from there"
        )
    old = yaml.safe_load((ROOT / "CITATION.cff").read_text())["repository-code"]
    strip = len("https://github.com/")
    files = [*ROOT.glob("chapters/[0-9]*.*"), *(ROOT / f for f in ("README.md", "CITATION.cff"))]
    for file in files:
        before = file.read_text(encoding="utf-8")
        after = re.sub(re.escape(old[strip:]) + r"(?![\w-])", new[strip:], before)
        if after != before:
            file.write_text(after, encoding="utf-8")
            print(f"{file.relative_to(ROOT)}: now {new}")


if __name__ == "__main__":
    main()
