"""Pages in a real Chromium with the network cut: whole, readable, usable, harmless."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from screener.api import Workspace
from screener.files.writing import csv_text
from screener.results.backtest import RETURNS
from screener.workflows.backtest.rows import result_table
from tests.pages.conftest import PAGES
from tests.support.browser import DESKTOP, PHONE, opened
from tests.support.soaking import soaked


@pytest.mark.parametrize("width", [PHONE, DESKTOP])
@pytest.mark.parametrize("name", PAGES)
@soaked
def test_a_page_asks_for_nothing_complains_of_nothing_and_fits(
    browser: Any, pages: Path, name: str, width: int
) -> None:
    with opened(browser, pages / f"{name}.html", width=width) as found:
        for language in ("en", "zh"):
            found.speak(language)
            assert not found.overflows, language
        assert found.requests == []
        assert found.complaints == []


@pytest.mark.parametrize(("theme", "language"), [("light", "en"), ("dark", "zh")])
@pytest.mark.parametrize("name", PAGES)
@soaked
def test_axe_finds_nothing_serious(
    browser: Any, pages: Path, name: str, theme: str, language: str
) -> None:
    from axe_playwright_python import sync_playwright as axe

    source = (Path(axe.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
    with opened(browser, pages / f"{name}.html", theme=theme) as found:
        found.speak(language)
        found.page.evaluate(source)
        told = found.page.evaluate("axe.run({resultTypes: ['violations']})")
        grave = [
            (item["id"], [one["html"][:120] for one in item["nodes"][:3]])
            for item in told["violations"]
            if item["impact"] in ("serious", "critical")
        ]
        assert not grave, json.dumps(grave, ensure_ascii=False, indent=1)


@soaked
def test_the_language_changes_every_word_and_is_kept(browser: Any, pages: Path) -> None:
    with opened(browser, pages / "basket.html") as found:
        found.speak("en")
        english = found.visible()
        assert "Returns by holding period" in english
        assert "各持有期收益" not in english
        found.speak("zh")
        chinese = found.visible()
        assert "各持有期收益" in chinese
        assert "Returns by holding period" not in chinese
        assert found.page.get_attribute("html", "lang") == "zh"
        assert found.page.title().startswith("铜")
        assert found.page.get_attribute("[data-table=returns] button", "aria-label") == (
            "各持有期收益：复制为 CSV"
        )
        found.page.reload()
        assert found.page.get_attribute("html", "lang") == "zh"


KNOWN = re.compile(  # names of tests and brokers, ids, and titles as printed
    r"English|CAAR|Holm|Patell|Corrado|Kolari-P\S+|SIMULATED\S*|[0-9a-f]{12}|"
    r"screener data update .*|screener \S+|"
    r"compute-leasing|domestic-compute|cloud-services|crossover-appliance|copper|Sunwah|Kingsway|"
    r"compute-hardware|communications|inp-substrates|Qwen\S+|Token|"
    r"leading A/H copper names|industry index|https?://\S+"
)
"""What is no English sentence: names of tests, of brokers, of baskets, ids, subjects of cards."""


@pytest.mark.parametrize("name", ["basket", "events", "study", "score", "screen", "today"])
@soaked
def test_a_chinese_page_has_no_english_words(browser: Any, pages: Path, name: str) -> None:
    with opened(browser, pages / f"{name}.html") as found:
        found.speak("zh")
        lines = [KNOWN.sub("", line) for line in re.split(r"[\n\t]", found.visible())]
    stray = [line for line in lines if re.search(r"[A-Za-z]{4,}", line)]
    assert not stray, stray[:20]


@soaked
def test_red_is_up_in_chinese_and_green_in_english(browser: Any, pages: Path) -> None:
    with opened(browser, pages / "basket.html") as found:
        colours = {}
        for language in ("en", "zh"):
            found.speak(language)
            colours[language] = [
                found.page.evaluate(
                    "look => { const one = document.createElement('span'); one.className = look;"
                    " document.body.append(one); return getComputedStyle(one).color; }",
                    look,
                )
                for look in ("up", "down")
            ]
        assert colours["en"] == colours["zh"][::-1]
        assert colours["en"][0] != colours["en"][1]


@soaked
def test_the_colour_of_a_gain_is_the_readers_choice(browser: Any, pages: Path) -> None:
    with opened(browser, pages / "basket.html") as found:
        found.speak("zh")
        button = found.page.locator("[data-red]")
        assert button.get_attribute("aria-pressed") == "true"
        button.click()
        assert button.get_attribute("aria-pressed") == "false"
        found.speak("en")
        found.speak("zh")
        found.page.reload()
        assert button.get_attribute("aria-pressed") == "false"
        button.click()
        found.speak("en")
        assert button.get_attribute("aria-pressed") == "true"


def number(text: str) -> float:
    return float(re.sub(r"[,%\s+]", "", text).replace("−", "-"))


@soaked
def test_a_table_is_sorted_by_value_and_what_is_undefined_comes_last(
    browser: Any, pages: Path
) -> None:
    with opened(browser, pages / "screen.html") as found:
        heads = found.page.locator("[data-table=names] thead button")
        labels = [text.strip().lower() for text in heads.all_inner_texts()]
        at = labels.index("pb")
        heads.nth(at).click()
        falling = [number(text) for text in found.cells("names", at) if text != "-"]
        assert falling == sorted(falling, reverse=True)
        assert len(falling) > 10
        heads.nth(at).click()
        rising = found.cells("names", at)
        defined = [number(text) for text in rising if text != "-"]
        assert defined == sorted(defined)
        assert rising == [text for text in rising if text != "-"] + ["-"] * rising.count("-")
        head = found.page.locator("[data-table=names] th[aria-sort=ascending]")
        assert head.count() == 1


@soaked
def test_a_table_is_filtered(browser: Any, pages: Path) -> None:
    with opened(browser, pages / "screen.html") as found:
        every = found.cells("names", 1)
        wanted = every[-1]
        found.page.fill("[data-filter=names]", wanted.lower())
        assert found.cells("names", 1) == [wanted]
        found.page.fill("[data-filter=names]", "")
        assert found.cells("names", 1) == every


@soaked
def test_what_is_copied_is_the_csv(browser: Any, pages: Path, ws: Workspace) -> None:
    with opened(browser, pages / "basket.html") as found:
        found.page.click("[data-copy=returns]")
        found.page.wait_for_function("document.getElementById('told').textContent !== ''")
        copied = found.page.evaluate("navigator.clipboard.readText()")
    run = ws.backtest(["copper"], hold=(5, 20)).runs
    table = result_table(run)
    assert copied == csv_text(table.spec.names, table.rows)


@soaked
def test_numbers_on_the_page_are_those_of_the_csv(browser: Any, pages: Path, ws: Workspace) -> None:
    table = result_table(ws.backtest(["compute-leasing"], hold=(5, 20)).runs)
    rows = list(csv.DictReader(io.StringIO(csv_text(table.spec.names, table.rows))))
    assert len(rows) > 2
    names = ("paper_return", "executable_return", "benchmark_return", "active_return")
    with opened(browser, pages / "events.html") as found:
        found.speak("en")
        heads = found.page.locator("[data-table=events] thead button").all_inner_texts()
        for name in (*names, "max_drawdown"):
            at = [text.lower() for text in heads].index(RETURNS[name].en.lower())
            for shown, row in zip(found.cells("events", at), rows, strict=True):
                told = "-" if row[name] == "" else f"{float(row[name]) * 100:+.2f} %"
                assert shown == re.sub(r"^[+−](?=0\.00 %$)", "", told.replace("-", "−", 1)) or (
                    shown == told == "-"
                )


@soaked
def test_a_chart_tells_the_values_under_the_pointer(browser: Any, pages: Path) -> None:
    with opened(browser, pages / "basket.html") as found:
        found.speak("en")
        plot = found.page.locator("#value .plot > svg").first
        plot.scroll_into_view_if_needed()
        box = plot.bounding_box()
        found.page.mouse.move(box["x"] + box["width"] - 1, box["y"] + 50)
        told = found.visible("#value .readout")
        key = found.visible("#value .keys li:first-child b")
        assert key.replace("+", "") in told.replace("+", ""), (key, told)


def printed(browser: Any, page: Path) -> list[str]:
    """Return the text of each sheet of a page that is printed in English."""
    with opened(browser, page) as found:
        found.speak("en")
        sheets = PdfReader(io.BytesIO(found.page.pdf(format="A4"))).pages
    return [sheet.extract_text() for sheet in sheets]


@soaked
def test_a_page_prints(browser: Any, pages: Path) -> None:
    sheets = printed(browser, pages / "basket.html")
    text = " ".join(sheets)
    assert "Returns by holding period" in text
    assert "Copy" not in text
    assert 1 < len(sheets) < 12


@soaked
def test_what_is_folded_is_printed(browser: Any, pages: Path) -> None:
    assert "Orders and their reasons" in " ".join(printed(browser, pages / "events.html"))


@soaked
def test_the_pages_of_a_site_lead_to_each_other(browser: Any, pages: Path) -> None:
    site = pages / "site"
    every = {path.relative_to(site).as_posix() for path in site.rglob("*.html")}
    reached, left = set(), ["index.html"]
    while left:
        name = left.pop()
        if name in reached:
            continue
        reached.add(name)
        text = (site / name).read_text(encoding="utf-8")
        for address in re.findall(r'<a href="([^"]+)"', text):
            assert not re.match(r"[a-z]+:|/", address), address
            target = (site / name).parent / address
            left.append(target.resolve().relative_to(site.resolve()).as_posix())
    assert reached == every
    with opened(browser, site / "index.html") as found:
        found.page.click("#events tbody a >> nth=0")
        found.page.click("nav a >> nth=0")
        assert found.page.url.endswith("/index.html")
        assert found.complaints == []
