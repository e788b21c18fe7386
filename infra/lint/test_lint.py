"""Tests of the checks in this folder: python3 -m unittest discover infra/lint"""

import re
import tempfile
import tomllib
import unittest
from pathlib import Path

import cycles
import glibc
import words


class CyclesTest(unittest.TestCase):
    def imports(self, **files):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in files.items():
                path = Path(folder) / (name.replace("__", "/") + ".rs")
                path.parent.mkdir(exist_ok=True)
                path.write_text(text, encoding="utf-8")
            return cycles.imports(Path(folder))

    def test_a_cycle_through_groups_and_reexports_is_found(self):
        graph = self.imports(lib="mod a; mod b;\npub use b::B;", a="use crate::B;", b="use crate::{a::{A as _, Z}};")
        self.assertEqual(cycles.cycle(graph), [("a",), ("b",), ("a",)])

    def test_imports_of_a_parent_and_of_tests_are_no_cycle(self):
        graph = self.imports(lib="mod a;", a="mod b; use b::B;", a__b="use super::A;",
                             c="#[cfg(test)]\nmod tests { use crate::d::D; }", d="use crate::c::C;")
        self.assertIsNone(cycles.cycle(graph))


class WordsTest(unittest.TestCase):
    def setUp(self):
        self.rules = tomllib.loads(words.LIST.read_text(encoding="utf-8"))

    def found(self, path, text):
        return [(line, found) for line, found, _ in words.findings(path, text, self.rules)]

    def test_identifiers_are_found_in_code_only(self):
        text = "/// A Turn, and \"tell\".\nfn tell() { log(\"tell\"); }\n"
        self.assertEqual(self.found("functions/notify/src/a.rs", text), [(2, "tell")])

    def test_an_identifier_with_a_crate_is_found_in_that_crate_only(self):
        text = "struct Order;\n"
        self.assertEqual(self.found("functions/notify/src/a.rs", text), [(1, "notify::Order")])
        self.assertEqual(self.found("shared/site/src/a.rs", text), [])

    def test_phrases_are_found_across_lines_of_a_comment(self):
        text = "fn a() {}\n/// The message was given\n/// up by it.\n"
        self.assertEqual(self.found("cli/src/a.rs", text), [(2, "given up")])
        self.assertEqual(self.found("docs/a.md", "The rest is fine.\nA rule rests.\n"), [(2, "rests")])

    def test_each_phrase_is_a_valid_expression_with_a_replacement(self):
        for entry in self.rules["phrase"]:
            self.assertTrue(entry["use"])
            for pattern in entry["patterns"]:
                re.compile(pattern)

    def test_checked_folders_exist(self):
        for folder in self.rules["checked"]:
            self.assertTrue((words.ROOT / folder).exists(), folder)


class GlibcTest(unittest.TestCase):
    def test_the_newest_version_decides(self):
        for newest, status in [("2.34", 0), ("2.35", 1), ("2.4", 0), ("3.0", 1)]:
            binary = b"\0GLIBC_2.17\0GLIBC_" + newest.encode() + b"\0printf\0"
            with tempfile.NamedTemporaryFile() as file:
                Path(file.name).write_bytes(binary)
                self.assertEqual(glibc.main([file.name]), status, newest)
        self.assertEqual(glibc.main([]), 1)


if __name__ == "__main__":
    unittest.main()
