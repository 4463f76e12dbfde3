"""Names and titles that carry markup, scripts, escapes and turned writing harm no page."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

import screener
from screener.api import Workspace
from tests.support.browser import opened
from tests.support.soaking import soaked

MARKUP = "</script><img src=x onerror=alert(1)>"
SCRIPT = "<script>alert(2)</script>"
ESCAPES = "\\u001b]8;;http://evil.example\\u0007red\\u001b[31m"
TURNED = "\\u202egnp.exe\\u2066"
QUOTES = '\\" onmouseover=alert(3) x=\\"'
TEMPLATE = "</template><script>alert(4)</script>"


@pytest.fixture(scope="module")
def hostile(ws: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    root = tmp_path_factory.mktemp("hostile") / "research"
    shutil.copytree(ws.root, root)
    card = root / "seeds" / "R1.toml"
    text = card.read_text(encoding="utf-8")
    for plain, ill in (
        ('name = "紫金矿业"', f'name = "{MARKUP}"'),
        ('name = "洛阳钼业"', f'name = "{TEMPLATE}{ESCAPES}"'),
        ('printed = "五矿资源"', f'printed = "{SCRIPT}{TURNED}"'),
        ('title = "铜矿短缺"', f'title = "{QUOTES}{SCRIPT}"'),
        ('broker = "银河证券"', f'broker = "{SCRIPT}{QUOTES}"'),
        ('publisher = "选股通"', f'publisher = "{MARKUP}{ESCAPES}"'),
        (
            'subject = "leading A/H copper names", measure = "PE, low end"',
            f'subject = "{TEMPLATE}", measure = "{QUOTES}"',
        ),
    ):
        assert plain in text
        text = text.replace(plain, ill)
    head, _, rest = text.partition("\ntitle = ")
    text = f'{head}\ntitle = "{MARKUP}{TURNED}"\n{rest.partition(chr(10))[2]}'
    card.write_text(text, encoding="utf-8")
    basket = root / "baskets" / "copper.toml"
    told = basket.read_text(encoding="utf-8")
    told = told.replace('title_zh = "铜"', f'title_zh = "{SCRIPT}{ESCAPES}"')
    basket.write_text(
        told.replace('title_en = "Copper"', f'title_en = "{MARKUP}"'), encoding="utf-8"
    )
    return screener.open(root)


@soaked
def test_hostile_names_are_shown_as_they_are_and_do_nothing(
    browser: Any, hostile: Workspace, tmp_path: Path
) -> None:
    hostile.site(tmp_path / "site", hold=5, placebo=0)
    hostile.today("2026-01-01").to_html(tmp_path / "site" / "today.html")
    n_shown = 0
    for path in sorted((tmp_path / "site").rglob("*.html")):
        text = path.read_text(encoding="utf-8")
        assert not set(text) & {"\x1b", "\x07", "\u202e", "\u2066"}
        if "alert(" not in text:
            continue
        with opened(browser, path) as found:
            for language in ("en", "zh"):
                found.speak(language)
                told = found.visible()
                n_shown += "alert(1)" in told or "alert(2)" in told
            for button in found.page.locator("[data-copy]").all():
                button.click()
            assert found.complaints == []
            assert found.requests == []
            assert found.page.locator("main img, main script, [onmouseover]").count() == 0
    assert n_shown > 10


@soaked
def test_a_policy_stops_a_script_that_is_not_the_pages_own(browser: Any, pages: Path) -> None:
    with opened(browser, pages / "basket.html") as found:
        found.page.evaluate(
            "() => { const one = document.createElement('script');"
            " one.textContent = 'window.harmed = 1'; document.body.append(one); }"
        )
        assert found.page.evaluate("window.harmed") is None
        assert any("Content Security Policy" in line for line in found.complaints)
