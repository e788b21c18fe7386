"""Fails when modules of a crate import one another in a cycle: cycles.py functions/notify shared/ingest

A module may import from the modules above it (`super`), as a channel imports the types of `channel.rs`: that is no cycle.
Imports of tests are not counted.
"""

import re
import sys
from pathlib import Path

USE = re.compile(r"\buse\s+((?:crate|super|self)\b[^;]*);", re.DOTALL)
PATH = re.compile(r"\b((?:crate|super)(?:::\w+)+)")
TESTS = re.compile(r"#\[cfg\(test\)\]\s*(?:#\[[^\]]*\]\s*)*mod \w+ \{")


def module(root, file):
    """`channel/ntfy.rs` as ("channel", "ntfy"); lib.rs as ()."""
    parts = file.relative_to(root).with_suffix("").parts
    return parts[:-1] if parts[-1] in ("lib", "main", "mod") else parts


def paths(text):
    """Each path that the text of a module names, groups expanded: `crate::a::{b, c::d}` as crate::a::b, crate::a::c::d."""
    for use in USE.findall(text):
        yield from expand(re.sub(r"\s+", "", re.sub(r"\s+as\s+\w+", "", use)))
    yield from PATH.findall(text)


def expand(use):
    prefix, brace, rest = use.partition("{")
    if not brace:
        yield use
        return
    depth, start = 0, 0
    inner = rest.rsplit("}", 1)[0] + ","
    for index, character in enumerate(inner):
        depth += (character == "{") - (character == "}")
        if character == "," and depth == 0:
            if index > start:
                yield from expand(prefix + inner[start:index])
            start = index + 1


def imports(root):
    """The modules that each module of a crate imports, but for those above it."""
    texts = {}
    for file in sorted(root.rglob("*.rs")):
        text = re.sub(r"//[^\n]*", "", file.read_text(encoding="utf-8"))
        texts[module(root, file)] = TESTS.split(text)[0]
    reexports = {parts[-1]: tuple(parts[:-1])
                 for path in re.findall(r"\bpub(?:\([a-z]+\))? use ([^;]*);", texts.get((), ""))
                 for parts in (entry.split("::") for entry in expand(re.sub(r"\s+", "", path)))}
    graph = {}
    for name, text in texts.items():
        graph[name] = set()
        for path in paths(text):
            target = resolve(name, path.split("::"), texts, reexports)
            if target and target != name and name[:len(target)] != target:
                graph[name].add(target)
    return graph


def resolve(name, path, modules, reexports):
    if path[0] == "crate":
        base, path = (), path[1:]
        if path and path[0] in reexports:
            path = [part for part in reexports[path[0]] if part != "crate"]
    else:
        base = name
        while path and path[0] in ("super", "self"):
            base, path = base[:-1] if path[0] == "super" else base, path[1:]
    full = base + tuple(path)
    return next((full[:length] for length in range(len(full), 0, -1) if full[:length] in modules), None)


def cycle(graph):
    """A cycle of a graph as the list of its members, or None."""
    done, trail = set(), []

    def visit(name):
        if name in trail:
            return [*trail[trail.index(name):], name]
        if name in done:
            return None
        trail.append(name)
        for target in sorted(graph.get(name, ())):
            found = visit(target)
            if found:
                return found
        trail.pop()
        done.add(name)
        return None

    return next((found for name in sorted(graph) if (found := visit(name))), None)


def main(crates):
    status = 0
    for crate in crates:
        found = cycle(imports(Path(crate) / "src"))
        if found:
            names = " -> ".join("::".join(name) for name in found)
            print(f"error: {crate}: modules import one another: {names}", file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
