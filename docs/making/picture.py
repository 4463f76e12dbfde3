"""The picture of a page that the READMEs show, taken by the system's own Chromium."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from docs.making.words import PAGES
from screener.language import Language, speaking

__all__ = ["take_pictures"]

_WIDTH, _HEIGHT = 840, 600


def take_pictures(demo: Path) -> None:
    """Write `page.png` of each language: a basket's page of the demonstration."""
    from playwright.sync_api import sync_playwright

    import screener

    ws = screener.open(demo)
    with sync_playwright() as driver, tempfile.TemporaryDirectory() as folder:
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("chromium-browser"),
            args=["--no-sandbox"],
        )
        for language in Language:
            file = Path(folder) / "page.html"
            with speaking(language):
                found = ws.backtest(["copper"], hold=(20, 60), capital=1e6)
                found.to_html(file, placebo=0)
            seen = browser.new_page(
                viewport={"width": _WIDTH, "height": _HEIGHT}, color_scheme="light"
            )
            seen.goto(file.as_uri())
            seen.screenshot(path=PAGES / str(language) / "page.png")
        browser.close()
