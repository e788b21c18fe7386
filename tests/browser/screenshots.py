"""Writes pictures of the console's pages, at 360 and 1440 pixels, light and dark: `make screenshots`.

Sends the earlier posts of `make run` to the local cloud first. Chromium's own clock shows the time of the pages.
"""

import concurrent.futures
import os
import sys
from pathlib import Path

from support import ROOT, Browser, Stack, until

sys.path.insert(0, str(ROOT / "infra" / "local"))
from day import EARLIER  # noqa: E402

WIDTHS = {"wide": {"width": 1440, "height": 900}, "narrow": {"width": 360, "height": 740}}


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    stack = Stack()
    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        list(pool.map(lambda post: stack.camhook(*post.arguments()), EARLIER))
    until("index", lambda: len(stack.json("events", "--since", "26h", "--limit", "200")) >= len(EARLIER))
    # Posts of now: the lag of a device's clock is that of its last post.
    stack.send("nvr", "line-crossing")
    stack.send("vms", "analytics")
    event = stack.send("gate", "plate")["id"]
    browser = Browser(stack)
    try:
        for scheme in ("light", "dark"):
            for width, viewport in WIDTHS.items():
                link = stack.invite("Ann", "admin")
                with browser.visitor(link, viewport=viewport, color_scheme=scheme) as person:
                    pages = {path.lstrip("/") or "timeline": path for path in person.pages()}
                    for name, path in {**pages, "event": f"/events/{event}"}.items():
                        person.open(path)
                        take(person.page, folder / f"{name}-{width}-{scheme}.jpg")
    finally:
        browser.close()


def take(page, file):
    """Takes a picture of the viewport once all images in it are shown."""
    page.wait_for_load_state("networkidle")
    page.wait_for_function("""() => [...document.images].every((image) => {
        const {top, bottom} = image.getBoundingClientRect();
        return bottom < 0 || top > innerHeight || (image.complete && image.naturalWidth > 0);
    })""")
    page.screenshot(path=file, type="jpeg", quality=80)
    print(f"{file}: {file.stat().st_size} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
