"""Writes the console's icons as PNG, drawn from its icon.svg: `make icons`.

iOS takes no SVG for its home screen, and Android cuts an icon to a shape of its own, for which the square must be full.
"""

import sys

from playwright.sync_api import sync_playwright

from support import CHROMIUM, FLAGS, ROOT

ASSETS = ROOT / "functions" / "console" / "assets"
# The name, the pixels of a side, and whether the background reaches into the corners.
ICONS = [("icon-192.png", 192, False), ("icon-512.png", 512, False), ("icon-full-512.png", 512, True),
         ("icon-full-180.png", 180, True)]
ROUNDED = ' rx="14"'


def main():
    svg = (ASSETS / "icon.svg").read_text(encoding="utf-8")
    if ROUNDED not in svg:
        sys.exit(f"error: icon.svg has no background with{ROUNDED}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for name, side, is_full in ICONS:
            page = browser.new_page(viewport={"width": side, "height": side})
            drawing = svg.replace(ROUNDED, "") if is_full else svg
            page.set_content(f"<style>body {{ margin: 0 }} svg {{ display: block; width: {side}px }}</style>{drawing}")
            page.screenshot(path=ASSETS / name, omit_background=not is_full)
            print(f"{name}: {(ASSETS / name).stat().st_size} bytes")


if __name__ == "__main__":
    main()
