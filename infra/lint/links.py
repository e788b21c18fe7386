"""Checks the links of the documents: files that do not exist, and headings that a page does not have."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
CODE = re.compile(r"```.*?```", re.DOTALL)


def prose(page):
    """The text of a page without its blocks of code."""
    return CODE.sub("", page.read_text(encoding="utf-8"))


def anchor(heading):
    """What GitHub calls a heading in an address."""
    words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading.strip().lower().replace("`", ""))
    return re.sub(r"[^\w\- ]", "", words).replace(" ", "-")


def broken(page):
    """The links of a page that lead nowhere."""
    for link in LINK.findall(prose(page)):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, wanted = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists():
            yield f"{page}: {link}: no such file"
        elif wanted and target.suffix == ".md" and wanted not in map(anchor, HEADING.findall(prose(target))):
            yield f"{page}: {link}: no such heading"


def main():
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
    found = [problem for page in sorted(pages) for problem in broken(page)]
    print(*found, sep="\n", end="\n" if found else "", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
