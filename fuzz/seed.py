#!/usr/bin/env python3
"""Writes seeds for the parsers' fuzz targets from the fixtures, into target/fuzz-seeds/: `python3 fuzz/seed.py`.

A fixture's body becomes one seed, named like its case. Placeholders for times get a time; those for pictures
stay, since a parser does not look into pictures.
"""

import json
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent
SEEDS = ROOT.parent / "target" / "fuzz-seeds"
TARGETS = {"viewtron_parse": "viewtron", "xprotect_parse": "xprotect", "ivsec_parse": "ivsec"}
TIMES = {
    b"{{now us}}": b"1795420800000000",
    b"{{now ms}}": b"1795420800000",
    b"{{now s}}": b"1795420800",
    b"{{now local}}": b"2026-11-23 09:00:00",
    b"{{now iso}}": b"2026-11-23T08:00:00.000Z",
}


def main() -> None:
    for target, vendor in TARGETS.items():
        corpus = SEEDS / target
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
    instar()
    events = ROOT.parent / "events"
    for event in sorted(events.glob("viewtron-*.json")):
        write("webhook_handle", event.stem, event.read_bytes())


def instar() -> None:
    """What INSTAR sends stands in the query, or is a row of MQTT messages; the targets say in which form."""
    for request in sorted((ROOT.parent / "fixtures" / "instar").glob("*/request.http")):
        head, _, body = request.read_bytes().partition(b"\n\n")
        query = head.split(b" ")[1].partition(b"?")[2]
        write("instar_http_parse", request.parent.name, query + b"\n\n" + body)
    for messages in sorted((ROOT.parent / "fixtures" / "instar-mqtt").glob("*/messages.jsonl")):
        lines, before = [], 0
        for message in map(json.loads, messages.read_text().splitlines()):
            minutes = min(9, max(0, message["at"] - before) // 60000)
            before = message["at"]
            path = message["topic"].partition("/status/")[2]
            lines.append(f"{minutes}{path} {message['payload']}")
        write("instar_mqtt_read", messages.parent.name, "\n".join(lines).encode())
    for target in ("instar_http_parse", "instar_mqtt_read"):
        print(f"{target}: {len(list((SEEDS / target).iterdir()))} seeds")


def write(target: str, name: str, seed: bytes) -> None:
    corpus = SEEDS / target
    corpus.mkdir(parents=True, exist_ok=True)
    (corpus / name).write_bytes(seed)


if __name__ == "__main__":
    main()
