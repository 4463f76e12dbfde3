"""HTML to text: a page as its reader sees it, without what surrounds the article."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from functools import cache
from itertools import count
from typing import TYPE_CHECKING

from screener.reports.documents_encoding import vocabulary

if TYPE_CHECKING:  # a page's parser is a heavy import
    from bs4 import BeautifulSoup, Tag

__all__ = ["archived_page", "declared_charset", "html_text", "is_archive", "looks_like_html"]

_OPENING = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*"
    r"<(?:!doctype\s+html|html|head|body|meta|title|div|p|table|article|section|span|h[1-6])\b",
    re.DOTALL | re.IGNORECASE,
)
_CHARSET = re.compile(
    rb"""(?:<meta\b[^>]{0,200}?charset|<\?xml[^>]{0,100}?encoding)\s*=\s*["']?([\w.:-]+)""",
    re.IGNORECASE,
)
_ARCHIVE = re.compile(rb"(?:From|MIME-Version|Snapshot-Content-Location|Subject):", re.IGNORECASE)
_BLANKS = re.compile(r"[ \t\r\n\f\xa0]+")
_SPACES = re.compile(r" {2,}")
_AROUND_BREAK = re.compile(r" *([\t\n]) *")
_NUMBERED = re.compile(r"\s*[\d(（①-⑳一二三四五六七八九十]")
_MOSTLY = 0.5


def looks_like_html(text: str) -> bool:
    """Tell whether a text of unknown kind begins as a page does."""
    return bool(_OPENING.match(text[:4096]))


def declared_charset(content: bytes) -> str:
    """Return the encoding that a page says it has, in small letters; empty if it says nothing."""
    found = _CHARSET.search(content[:4096])
    return found.group(1).decode("ascii").lower() if found else ""


def is_archive(content: bytes) -> bool:
    """Tell whether bytes are a page saved with its pictures as one MIME message (MHTML)."""
    head = content[:4096].lower()
    return bool(_ARCHIVE.match(content)) and b"content-type:" in head and b"multipart/" in head


def archived_page(content: bytes) -> tuple[bytes, str]:
    """Return the first page of an MHTML archive, and the encoding that its part declares.

    Both are empty if the archive holds no page.
    """
    for part in message_from_bytes(content, policy=policy.default).walk():
        if part.get_content_type() in {"text/html", "application/xhtml+xml"}:
            page = part.get_payload(decode=True)
            if isinstance(page, bytes) and page.strip():
                return page, str(part.get_content_charset() or "")
    return b"", ""


def html_text(markup: str) -> str:
    """Return the text of a page, one line for each block and one for each row of a table.

    The cells of a row are separated by tabs; a `<br>` is a line break and nothing else; text that
    runs over inline tags stays joined. Scripts, navigation and imprints are left out, but nothing
    that could be the article: an element that holds a headline or most of the page's text stays.
    """
    from bs4 import BeautifulSoup

    with warnings.catch_warnings():
        # Fragments that look like a file name, and XHTML, which is read well as HTML.
        warnings.simplefilter("ignore")
        soup = BeautifulSoup(markup, "lxml")
    title = soup.title.get_text() if soup.title else ""
    for tag in soup.find_all(vocabulary()["unprinted"]):
        tag.decompose()
    _drop_chrome(soup)
    return _titled(_Writer().write(soup), " ".join(title.split()))


def _titled(text: str, title: str) -> str:
    """Put the page's title first unless its headline says the same, without the site's name."""
    headline = re.split(r"\s*[_|]\s*|\s+[-–—]\s+", title)[0]
    shown = "".join(headline.split()) in "".join(text.split())
    return text if shown else f"{title}\n{text}"


def _drop_chrome(soup: BeautifulSoup) -> None:
    whole = len(soup.get_text())
    for tag in soup.find_all(_is_candidate):
        if tag.decomposed or len(tag.get_text()) > _MOSTLY * whole:
            continue
        if tag.find(["h1", "article", "main"]) is None and _is_chrome(tag):
            tag.decompose()


def _is_candidate(tag: Tag) -> bool:
    if tag.name in {"nav", "footer"} or tag.get("role") in {"navigation", "contentinfo"}:
        return True
    words = {str(tag.get("id", "")).lower()}
    words.update(word.lower() for word in tag.get_attribute_list("class") if word)
    return not words.isdisjoint(_names("chrome"))


def _is_chrome(tag: Tag) -> bool:
    if tag.name == "nav" or tag.get("role") == "navigation":
        return True
    if tag.find_parent(["article", "main"]):
        return False
    text = tag.get_text()
    linked = sum(len(link.get_text()) for link in tag.find_all("a"))
    return linked >= _MOSTLY * len(text) or bool(_imprint().search(text) and len(text) < 400)


@cache
def _names(key: str) -> frozenset[str]:
    return frozenset(vocabulary()[key])


@cache
def _imprint() -> re.Pattern[str]:
    return re.compile(vocabulary()["imprint"], re.IGNORECASE)


class _Writer:
    """Writes a tree of tags as text, without recursion: pages nest hundreds of levels deep."""

    def __init__(self) -> None:
        self._parts: list[list[str]] = [[]]  # the last is the innermost cell that is open
        self._filled: list[int] = []  # cells written in each row that is open
        self._lists: list[Iterator[int] | None] = []  # numbers of each list that is open
        self._verbatim = 0
        self._blocks = _names("blocks")

    def write(self, root: Tag) -> str:
        from bs4 import Tag
        from bs4.element import CData, NavigableString

        stack: list[tuple[Iterator[object], Callable[[], None]]] = [
            (iter(root.contents), lambda: None)
        ]
        while stack:
            children, close = stack[-1]
            node = next(children, None)
            if node is None:
                stack.pop()
                close()
            elif isinstance(node, Tag):
                self._open(node)
                stack.append((iter(node.contents), self._closer(node.name)))
            elif type(node) in (NavigableString, CData):  # not comments and declarations
                self._text(str(node))
        return _tidy(self._parts[0])

    def _text(self, text: str) -> None:
        self._parts[-1].append(text if self._verbatim else _BLANKS.sub(" ", text))

    def _open(self, tag: Tag) -> None:
        name = tag.name
        if name in {"td", "th"}:
            self._parts.append([])
            return
        if name in self._blocks:
            self._parts[-1].append("\n")
        if name == "tr":
            self._filled.append(0)
        elif name in {"ol", "ul"}:
            self._lists.append(_numbers(tag) if name == "ol" else None)
        elif name == "li":
            self._number(tag)
        self._verbatim += name == "pre"

    def _number(self, item: Tag) -> None:
        numbers = self._lists[-1] if self._lists else None
        if numbers is not None:
            number = next(numbers)
            if not _NUMBERED.match(item.get_text()):  # numbered by hand
                self._parts[-1].append(f"{number}. ")

    def _closer(self, name: str) -> Callable[[], None]:
        return lambda: self._close(name)

    def _close(self, name: str) -> None:
        if name in {"td", "th"}:
            self._close_cell()
        elif name == "tr":
            self._filled.pop()
        elif name in {"ol", "ul"}:
            self._lists.pop()
        self._verbatim -= name == "pre"
        if name in self._blocks and name != "br":
            self._parts[-1].append("\n")

    def _close_cell(self) -> None:
        cell = _tidy(self._parts.pop())
        if self._filled:
            if self._filled[-1]:
                self._parts[-1].append("\t")
            self._filled[-1] += 1
        self._parts[-1].append(cell)


def _numbers(tag: Tag) -> Iterator[int]:
    start = str(tag.get("start", "1"))
    return count(int(start) if start.isascii() and start.isdigit() else 1)


def _tidy(parts: list[str]) -> str:
    text = _AROUND_BREAK.sub(r"\1", _SPACES.sub(" ", "".join(parts)))
    return re.sub(r"\n{2,}", "\n", text).strip(" \n")
