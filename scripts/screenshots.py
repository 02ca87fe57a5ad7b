"""Renders the main pages, light and dark, wide and narrow, into `var/screenshots/`."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from browser import find_browser
from house import data_dir, say
from tests.stack import Stack

PAGES = {"gallery": "/", "sandbox": "/sandbox/", "cap-partition": "/s/cap-partition/?at=8000"}
SIZES = {"wide": (1440, 900), "narrow": (390, 844)}
SETTLE_MS = 4000


def main() -> int:
    folder = data_dir() / "screenshots"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as temporary:
        stack = Stack(Path(temporary) / "data")
        try:
            stack.start()
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(**find_browser().launch_arguments())
                take_all(browser, stack.base_url, folder)
                browser.close()
        finally:
            stack.clean_up()
    say(f"{len(list(folder.glob('*.png')))} screenshots in {folder}")
    return 0


def take_all(browser: Browser, base_url: str, folder: Path) -> None:
    for scheme in ("light", "dark"):
        for size, (width, height) in SIZES.items():
            context = browser.new_context(
                base_url=base_url, color_scheme=scheme, viewport={"width": width, "height": height}
            )
            page = context.new_page()
            page.on("console", lambda message: say(f"console: {message.text}") if message.type == "error" else None)
            for name, path in PAGES.items():
                page.goto(path, wait_until="load")
                page.wait_for_timeout(SETTLE_MS)
                page.screenshot(path=folder / f"{name}-{scheme}-{size}.png")
            context.close()


if __name__ == "__main__":
    sys.exit(main())
