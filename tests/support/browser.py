"""A real browser without a network, and what it tells of a page."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
LACKING = (
    "no Chromium on this machine"
    if CHROMIUM is None
    else "playwright is not installed"
    if find_spec("playwright") is None
    else ""
)

PHONE, DESKTOP = 390, 1_280


@dataclass
class Opened:
    """A page in the browser, with all that it asked for and complained of."""

    page: Any
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def speak(self, language: str) -> None:
        self.page.click(f"[data-speak={language}]")

    @property
    def overflows(self) -> bool:
        wide: bool = self.page.evaluate(
            "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        )
        return wide

    def visible(self, selector: str = "main") -> str:
        text: str = self.page.inner_text(selector)
        return text

    def cells(self, table: str, column: int) -> list[str]:
        """Return the cells of a column of a table, those of visible rows, from above."""
        found: list[str] = self.page.evaluate(
            """([table, column]) => [...document.querySelectorAll(
                `[data-table="${table}"] tbody tr:not([hidden])`
            )].map(row => row.cells[column].innerText.trim())""",
            [table, column],
        )
        return found


@contextmanager
def chromium() -> Iterator[Any]:
    """Run the system's Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


@contextmanager
def opened(
    browser: Any, path: Path, *, width: int = DESKTOP, theme: str = "light"
) -> Iterator[Opened]:
    """Open a file with the network cut."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=theme, offline=True
    )
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    found = Opened(page)
    own = path.as_uri()
    page.on(
        "request",
        lambda request: (
            None if request.url in (own, "data:,") else found.requests.append(request.url)
        ),
    )
    page.on("console", lambda message: found.complaints.append(message.text))
    page.on("pageerror", lambda error: found.complaints.append(str(error)))
    page.on("dialog", lambda dialog: found.complaints.append(dialog.message))
    page.goto(own)
    yield found
    context.close()
