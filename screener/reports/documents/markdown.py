"""Markdown to text: what is not printed goes, what is printed stays, emphasis marks included."""

from __future__ import annotations

import re
from collections.abc import Callable

from screener.reports.documents.html import html_text

__all__ = ["looks_like_markdown", "markdown_text"]

_COMMENT = (re.compile("<!--"), re.compile("-->"))
_HTML_TABLE = (
    re.compile(r"<table\b", re.IGNORECASE),
    re.compile("</table>", re.IGNORECASE),
)
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_TAG = re.compile(
    r"</?(?:a|b|center|code|details|div|em|font|i|img|p|small|span|strong|sub|summary|sup|u)"
    r"(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
# `[云帆数据](300999.SZ)` names a code, not a target: only what can be followed counts as one.
_TARGET = (
    r"<?(?>(?:https?|ftp|file|data|mailto|tel|javascript):|/|\./|\.\./|#|www\.|[^\s()<>]+?\."
    r"(?:html?|png|jpe?g|gif|svg|webp|pdf|md)\b)(?:[^\s()<>]|\([^\s()<>]*+\))*+>?"
)
_TITLE = r"""(?:\s++(?:"[^"]{0,300}"|'[^']{0,300}'))?+"""
_IMAGE = re.compile(rf"!\[[^\[\]]*+\]\((?:\s*+{_TARGET})?{_TITLE}\s*+\)", re.IGNORECASE)
_LINK = re.compile(rf"\[([^\[\]]*+)\]\(\s*+{_TARGET}{_TITLE}\s*+\)", re.IGNORECASE)
_DEFINITION = re.compile(
    rf"^[ ]{{0,3}}\[([^\[\]]++)\]:[ \t]++{_TARGET}{_TITLE}[ \t]*+$\n?",
    re.IGNORECASE | re.MULTILINE,
)
_REFERENCE = re.compile(r"!?\[([^\[\]]+)\]\[([^\[\]]*)\]")
_RULE = re.compile(r"\|?:?-+:?(?:\|:?-+:?)*\|?")
_PIPE = re.compile(r"(?<!\\)\|")


def markdown_text(source: str) -> str:
    """Return the text of a Markdown document, line breaks as they came.

    Link targets, images, comments and HTML tags are left out; tables become rows of cells separated
    by tabs. Marks of emphasis and headings stay.
    """
    text = _replaced(*_COMMENT, lambda _: "", source)
    text = _replaced(*_HTML_TABLE, lambda table: f"\n{html_text(table)}\n", text)
    text = _TAG.sub("", _BREAK.sub("\n", text))
    return _without_tables(_without_links(text))


def looks_like_markdown(text: str) -> bool:
    """Tell whether a text of unknown kind has a table or a link in the manner of Markdown."""
    ruled = any(map(_is_rule, text.splitlines()))
    return ruled or bool(_LINK.search(text) or _IMAGE.search(text))


def _replaced(
    opening: re.Pattern[str], closing: re.Pattern[str], make: Callable[[str], str], text: str
) -> str:
    """Replace each stretch from an opening to the next closing; what is never closed stays."""
    parts = []
    at = 0
    while (first := opening.search(text, at)) and (last := closing.search(text, first.end())):
        parts += [text[at : first.start()], make(text[first.start() : last.end()])]
        at = last.end()
    return "".join((*parts, text[at:]))


def _without_links(text: str) -> str:
    text = _IMAGE.sub("", text)
    # Twice: a link may stand around an image, or inside another's brackets.
    text = _LINK.sub(r"\1", _LINK.sub(r"\1", text))
    defined = {label.casefold() for label in _DEFINITION.findall(text)}
    if not defined:
        return text

    def printed(link: re.Match[str]) -> str:
        label = (link.group(2) or link.group(1)).casefold()
        return link.group(1) if label in defined else link.group()

    return _REFERENCE.sub(printed, _DEFINITION.sub("", text))


def _without_tables(text: str) -> str:
    lines = text.splitlines(keepends=True)
    kept = []
    inside = False
    for number, line in enumerate(lines):
        following = lines[number + 1] if number + 1 < len(lines) else ""
        if inside and _is_rule(line):
            continue
        inside = "|" in line and (inside or _is_rule(following))
        kept.append(_cells(line) if inside else line)
    return "".join(kept)


def _is_rule(line: str) -> bool:
    return "|" in line and "-" in line and bool(_RULE.fullmatch("".join(line.split())))


def _cells(line: str) -> str:
    body = line.rstrip("\r\n")
    row = body.strip().removeprefix("|")
    if row.endswith("|") and not row.endswith("\\|"):
        row = row[:-1]
    cells = [cell.strip().replace("\\|", "|") for cell in _PIPE.split(row)]
    return "\t".join(cells) + line[len(body) :]
