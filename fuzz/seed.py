#!/usr/bin/env python3
"""Makes the seed corpus of each fuzz target from the fixtures: `python3 fuzz/seed.py`.

A fixture's body becomes one seed, named like its case. Placeholders for times get a time; those for pictures
stay, since a parser does not look into pictures.
"""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent
TARGETS = {"viewtron_parse": "viewtron"}
TIMES = {
    b"{{now us}}": b"1795420800000000",
    b"{{now ms}}": b"1795420800000",
    b"{{now s}}": b"1795420800",
    b"{{now local}}": b"2026-11-23 09:00:00",
    b"{{now iso}}": b"2026-11-23T08:00:00.000Z",
}


def main() -> None:
    for target, vendor in TARGETS.items():
        corpus = ROOT / "corpus" / target
        corpus.mkdir(parents=True, exist_ok=True)
        count = 0
        for request in sorted((ROOT.parent / "fixtures" / vendor).glob("*/request.http")):
            parts = re.split(rb"\r?\n\r?\n", request.read_bytes(), maxsplit=1)
            if len(parts) < 2 or not parts[1]:
                continue
            body = parts[1]
            for placeholder, value in TIMES.items():
                body = body.replace(placeholder, value)
            (corpus / request.parent.name).write_bytes(body)
            count += 1
        print(f"{target}: {count} seeds")


if __name__ == "__main__":
    main()
