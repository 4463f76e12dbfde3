"""A whole page as one text: policy, style, script and content, with nothing from elsewhere."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib import resources

from screener.data.lake.schema import SIMULATED
from screener.files.clean import clean_line
from screener.files.program import program_version
from screener.files.writing import PAGE_MARK
from screener.language import Language, bound, say
from screener.render.pages.markup import Child, Node, in_both, node, spoken

__all__ = ["Page", "Way", "asset", "document", "section", "ways"]

Way = tuple[str, str, str]
"""A link to another page: its English label, its Chinese label, its address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a page says in one language.

    Parameters
    ----------
    title
        Its title.
    under
        One line below it.
    parts
        What it shows, in order.
    simulated
        Whether its prices are invented.
    way
        Links to the pages around it, of label and address; none on a page that stands alone.
    """

    title: str
    under: Sequence[str] = ()
    parts: Sequence[Child] = ()
    simulated: bool = False
    way: Sequence[tuple[str, str]] = ()


def document(build: Callable[[], Page]) -> str:
    """Return a page as one HTML file.

    Parameters
    ----------
    build
        Returns the page in the language that is bound when it is called: it runs once in each.
    """
    shown = bound()
    titles: list[str] = []

    def tree() -> Child:
        page = build()
        titles.append(clean_line(page.title))
        return _body(page)

    english, chinese = spoken(tree)
    body = in_both(english, chinese, shown)
    style, script = asset("page.css"), asset("page.js")
    policy = (
        f"default-src 'none'; script-src {_digest(script)}; style-src {_digest(style)}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    title = escape(titles[shown is Language.ZH])
    names = f'data-en="{escape(titles[0])}" data-zh="{escape(titles[1])}"'
    return (
        f'<!doctype html>\n<html lang="{shown}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f'<meta name="generator" content="{PAGE_MARK} {escape(program_version())}">\n'
        '<link rel="icon" href="data:,">\n'
        f"<title {names}>{title}</title>\n<style>{style}</style>\n</head>\n"
        f"<body>\n{body}\n<script>{script}</script>\n</body>\n</html>\n"
    )


def ways(links: Sequence[Way]) -> list[tuple[str, str]]:
    """Return links in the language that is bound."""
    return [(zh if bound() is Language.ZH else en, address) for en, zh, address in links]


def section(title: str, *children: Child | Sequence[Child] | None, name: str) -> Node:
    """Return a part of a page under a heading; `name` is its anchor."""
    return node("section", node("h2", title), *children, id=name)


def _body(page: Page) -> Node:
    links = [node("a", label, href=address) for label, address in page.way]
    return node(
        "main",
        node(
            "header",
            node(
                "div",
                node("nav", links, aria_label=say("Pages")) if links else None,
                node(
                    "div",
                    node("button", say("Red is up"), type="button", data_red=""),
                    node("button", "English", type="button", data_speak="en", lang="en"),
                    node("button", "中文", type="button", data_speak="zh", lang="zh"),
                    class_="switch",
                    role="group",
                    aria_label=say("Language and colours"),
                ),
                class_="top",
            ),
            node("p", say("{mark}: invented prices", mark=SIMULATED), class_="simulated")
            if page.simulated
            else None,
            node("h1", page.title),
            [node("p", line, class_="under") for line in page.under],
        ),
        page.parts,
        node("p", "", id="told", role="status", aria_live="polite"),
    )


@cache
def asset(name: str) -> str:
    """Return a file that every page contains: `page.css` or `page.js`."""
    folder = resources.files("screener.render.pages") / "assets"
    return (folder / name).read_text(encoding="utf-8")


@cache
def _digest(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"
