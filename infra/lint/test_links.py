"""Tests of links.py."""

import tempfile
import unittest
from pathlib import Path

import links


class LinksTest(unittest.TestCase):
    def test_files_and_headings_that_do_not_exist_are_found(self):
        with tempfile.TemporaryDirectory() as folder:
            page, other = Path(folder, "page.md"), Path(folder, "other.md")
            other.write_text("# How is `it` done?\n\n```\n# a comment\n```\n", encoding="utf-8")
            page.write_text(
                "# Page\n[a](other.md) [b](other.md#how-is-it-done) [c](#page) [d](https://example.org/#x)\n"
                "[e](gone.md) [f](other.md#a-comment) [g](#other)\n```\n[h](gone.md)\n```\n", encoding="utf-8")
            found = [problem.split(": ")[1] for problem in links.broken(page)]
        self.assertEqual(found, ["gone.md", "other.md#a-comment", "#other"])


if __name__ == "__main__":
    unittest.main()
