"""Checks that code and documents use standard terms: `make lint-words`.

words.toml lists identifiers and phrases that are not used, each with its replacement, and the folders that are
checked. `python3 infra/lint/words.py functions/notify` checks a folder whether it is listed or not. Python's standard
library only.
"""

import functools
import re
import string
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIST = Path(__file__).with_name("words.toml")
SUFFIXES = {".rs", ".md", ".py", ".toml", ".yaml", ".yml", ".service", ".conf", ".sh", ""}
# Comments and string literals of Rust, as far as it takes to find identifiers outside them.
NOT_CODE = re.compile(
    r"//[^\n]*|/\*.*?\*/|b?r(?P<hashes>#*)\".*?\"(?P=hashes)|b?\"(?:\\.|[^\"\\])*\"|b?'(?:\\.|[^'\\\n])'", re.DOTALL)

# The name of a member of stored or transmitted data, which stays as it is: `rename = "told"`, `"told":`.
SERIALIZED_NAME = re.compile(r'\brename = "\w+"|"\w+":')


def main(arguments):
    rules = tomllib.loads(LIST.read_text(encoding="utf-8"))
    folders = [str(Path(argument)).removeprefix("./") for argument in arguments] or rules["checked"]
    # A folder that is named is checked, whether it is exempt or not.
    exempt = [out for out in rules["exempt"] if not any(is_below(argument, out) for argument in folders)]
    count = 0
    for path in tracked_files():
        if not any(is_below(path, folder) for folder in folders) or any(is_below(path, out) for out in exempt):
            continue
        text = (ROOT / path).read_text(encoding="utf-8", errors="replace")
        for line, found, instead in findings(path, text, rules):
            print(f"{path}:{line}: `{found}`: use {instead}")
            count += 1
    if count:
        print(f"{count} terms that infra/lint/words.toml replaces", file=sys.stderr)
    return 1 if count else 0


def tracked_files():
    listing = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT,
                             capture_output=True, check=True, text=True)
    for name in filter(None, listing.stdout.split("\0")):
        path = ROOT / name
        if path.suffix in SUFFIXES and path.is_file() and not path.is_symlink():
            yield name


def is_below(path, folder):
    return folder in (".", "") or path == folder or path.startswith(f"{folder}/")


def findings(path, text, rules):
    """Line, text and replacement of each finding in a file."""
    found = []
    if path.endswith(".rs"):
        code = NOT_CODE.sub(lambda match: "\n" * match.group().count("\n"), text)
        words = set(re.findall(r"\w+", code))
        for entry in rules["identifier"]:
            for name in entry["names"]:
                crate, _, identifier = name.rpartition("::")
                if identifier not in words or (crate and f"/{crate}/" not in f"/{path}"):
                    continue
                found += [(line_of(code, match), name, entry["use"])
                          for match in re.finditer(rf"\b{re.escape(identifier)}\b", code)]
    # A phrase may go on in the next line, behind the marks of a comment.
    text = SERIALIZED_NAME.sub(lambda match: "_" * len(match.group()), text)
    prose = re.sub(r"(?<=[^\n]) *\n[ \t]*(?://[/!]?|#)?[ \t]*(?=\S)", lambda match: NEW_LINE, text)
    prose = prose.translate(LOWER_CASE)
    for entry in rules["phrase"]:
        if any(is_below(path, out) for out in entry.get("except", [])):
            continue
        for pattern in entry["patterns"]:
            if longest_word(pattern) not in prose:
                continue
            for match in re.finditer(pattern.replace(" ", rf"(?: |{NEW_LINE})+"), prose):
                line = prose.count("\n", 0, match.start()) + prose.count(NEW_LINE, 0, match.start()) + 1
                found.append((line, " ".join(match.group().replace(NEW_LINE, " ").split()), entry["use"]))
    return sorted(set(found))


@functools.cache
def longest_word(pattern):
    """The longest word that each match of a pattern contains; nothing where there is none."""
    fixed = re.sub(r"\([^()]*\)[?*+]?|\[[^]]*\][?*+]?|\\.|.[?*]", " ", pattern)
    return "" if set("|()") & set(fixed) else max(re.findall(r"[a-z]*", fixed), key=len)


# Of ASCII, in which all phrases are.
LOWER_CASE = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)

# Stands for a line break within a paragraph.
NEW_LINE = "\x1f"


def line_of(text, match):
    return text.count("\n", 0, match.start()) + 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
