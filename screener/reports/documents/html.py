"""HTML to text: a page as its reader sees it, without what surrounds the article.

A page is read as it is parsed, into one flat row of events: no element asks for the text of
another, and nothing grows with how deep they lie in one another.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import count

from screener.errors import InputError
from screener.files.clean import clean
from screener.language import say
from screener.reports.documents.bounds import BOUNDS
from screener.reports.documents.encoding import vocabulary

__all__ = ["declared_charset", "html_text", "looks_like_html"]

_BEGINS = re.compile(
    r"<(?:!doctype\s+html|html|head|body|meta|title|div|p|table|article|section|span|h[1-6])\b",
    re.IGNORECASE,
)
_DECLARATION = re.compile(r"<\?xml[^>]{0,1000}>", re.IGNORECASE)
_CHARSET = re.compile(
    rb"""(?:<meta\b[^>]{0,200}?charset|<\?xml[^>]{0,100}?encoding)\s{0,9}=\s{0,9}["']?([\w.:-]+)""",
    re.IGNORECASE,
)
_BLANKS = re.compile(r"[ \t\r\n\f\xa0]+")
_SPACES = re.compile(r" {2,}")
_AROUND_BREAK = re.compile(r"(?<! ) *([\t\n]) *")
_CELL, _CELL_END = "\x02", "\x03"  # where a cell begins and ends, while a page is written
_AFTER_CELL = re.compile("\x02[ \n]+")
_BEFORE_END = re.compile("(?<![ \n])[ \n]+\x03")
_BREAKS = re.compile(r"\n{2,}")
_NUMBER = re.compile(r"[\d(（①-⑳一二三四五六七八九十]")
_SITE = re.compile(r"[_|]|(?<=\s)[-–—](?=\s)")  # parts a headline from the name of the site
_MOSTLY = 0.5
_HEAD = 4096
_LONGEST_IMPRINT = 400
_LONGEST_START = 9  # digits of the number with which a list begins
_HEADLINES = frozenset({"h1", "article", "main"})
_ARTICLES = frozenset({"article", "main"})
_CELLS = frozenset({"td", "th"})


def looks_like_html(text: str) -> bool:
    """Tell whether a text of unknown kind begins as a page does."""
    head = text[:_HEAD].lstrip()
    declaration = _DECLARATION.match(head)
    head = head[declaration.end() :].lstrip() if declaration else head
    while head.startswith("<!--"):
        head = head.partition("-->")[2].lstrip()
    return bool(_BEGINS.match(head))


def declared_charset(content: bytes) -> str:
    """Return the encoding that a page says it has, in small letters; empty if it says nothing."""
    found = _CHARSET.search(content[:_HEAD])
    return found.group(1).decode("ascii").lower() if found else ""


def html_text(markup: str) -> str:
    """Return the text of a page, one line for each block and one for each row of a table.

    The cells of a row are separated by tabs; a `<br>` is a line break and nothing else; text that
    runs over inline tags stays joined. Scripts, navigation and imprints are left out, but nothing
    that could be the article: an element that holds a headline or most of the page's text stays.

    Raises
    ------
    InputError
        If the page has more tags than are read.
    """
    from lxml.etree import HTMLParser  # a page's parser is a heavy import

    marks = markup.count("<")
    if marks > BOUNDS.marks:
        raise InputError(
            say(
                "this page has {marks:,} tags; up to {most:,} are read",
                marks=marks,
                most=BOUNDS.marks,
            ),
            fix=say("copy the report's text from the browser into a .txt file, and give that"),
        )
    page = _Page()
    parser = HTMLParser(target=page, recover=True, huge_tree=True)
    parser.feed(markup or " ")
    parser.close()
    return _titled(_Writer(page).write(), " ".join(page.title.split()))


def _titled(text: str, title: str) -> str:
    """Put the page's title first unless its headline says the same, without the site's name."""
    headline = _SITE.split(title, maxsplit=1)[0]
    shown = "".join(headline.split()) in "".join(text.split())
    return text if shown else f"{title}\n{text}"


class _Page:
    """What a parser tells of a page: its elements, and one row of events in the page's order.

    An event is a text, the number of an element that begins, or its complement where it ends.
    """

    def __init__(self) -> None:
        self.names: list[str] = []
        self.parents = array("l")
        self.starts = array("l")  # offset in the text before an element, and after it
        self.ends = array("l")
        self.linked = array("l")  # characters of its text that are links
        self.headlines = bytearray()
        self.lists: dict[int, int] = {}  # number with which an ordered list begins
        self.navigating: set[int] = set()
        self.candidates: list[int] = []
        self.events: list[int | str] = []
        self.title = ""
        self._titles = 0
        self._open: list[int] = []
        self._hidden = 0  # elements that are not printed, one in another
        self._tags: list[str] = []
        self._open_names: Counter[str] = Counter()
        self._pending: list[str] = []
        self._text: list[str] = []
        self._length = 0
        self.solid = array("l")  # offsets of texts that are more than white space
        self._unprinted = _names("unprinted")
        self._chrome = _names("chrome")

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """Take the beginning of an element."""
        self._flush()
        self._tags.append(name)
        self._open_names[name] += 1
        self._titles += name == "title"
        if self._hidden or name in self._unprinted:
            self._hidden += 1
            return
        number = len(self.names)
        self.names.append(name)
        self.parents.append(self._open[-1] if self._open else -1)
        self.starts.append(self._length)
        self.ends.append(0)
        self.linked.append(0)
        self.headlines.append(0)
        self._open.append(number)
        self.events.append(number)
        if name == "ol":
            self.lists[number] = _first_number(attributes.get("start", "1"))
        self._look(number, name, attributes)

    def end(self, name: str) -> None:
        """Take the end of an element, and of those inside that nothing ends."""
        if not self._open_names[name]:
            return
        self._flush()
        while self._tags:
            last = self._tags.pop()
            self._open_names[last] -= 1
            if self._hidden:
                self._hidden -= 1
            else:
                self._end()
            if last == name:
                break

    def data(self, text: str) -> None:
        """Take text, which may come in pieces."""
        self._pending.append(text)

    def comment(self, _text: str) -> None:
        """Take a comment, which is not printed and ends a piece of text."""
        self._flush()

    def close(self) -> None:
        """Take the end of the page."""
        self._flush()
        while self._tags:
            self.end(self._tags[-1])
        self.text = "".join(self._text)

    def _flush(self) -> None:
        if not self._pending:
            return
        text = "".join(self._pending)
        self._pending.clear()
        if self._titles == 1 and self._tags and self._tags[-1] == "title":
            self.title += clean(text)
        if self._hidden or not text:
            return
        text = clean(text)  # after entities are read: they can stand for any sign
        blank = not text.strip()
        shown = " " if blank and not self._open_names["pre"] else text
        if not blank:
            self.solid.append(self._length + len(text) - len(text.lstrip()))
        self.events.append(shown)
        self._text.append(shown)
        self._length += len(shown)

    def _look(self, number: int, name: str, attributes: Mapping[str, str]) -> None:
        role = attributes.get("role", "")
        if name == "nav" or role == "navigation":
            self.navigating.add(number)
        words = {attributes.get("id", "").lower(), *attributes.get("class", "").lower().split()}
        if (
            name in {"nav", "footer"}
            or role in {"navigation", "contentinfo"}
            or not words.isdisjoint(self._chrome)
        ):
            self.candidates.append(number)

    def _end(self) -> None:
        number = self._open.pop()
        self.ends[number] = self._length
        self.events.append(~number)
        if self._open:
            parent, size = self._open[-1], self._length - self.starts[number]
            link = size if self.names[number] == "a" else 0
            self.linked[parent] += link + self.linked[number]
            if self.headlines[number] or self.names[number] in _HEADLINES:
                self.headlines[parent] = 1

    def surroundings(self) -> set[int]:
        """Return the elements that surround the article and are left out."""
        inside = bytearray(len(self.names))  # of an article
        for number, parent in enumerate(self.parents):
            if parent >= 0 and (inside[parent] or self.names[parent] in _ARTICLES):
                inside[number] = 1
        return {
            number
            for number in self.candidates
            if self.ends[number] - self.starts[number] <= _MOSTLY * len(self.text)
            and not self.headlines[number]
            and (number in self.navigating or (not inside[number] and self._is_imprint(number)))
        }

    def _is_imprint(self, number: int) -> bool:
        start, end = self.starts[number], self.ends[number]
        if self.linked[number] >= _MOSTLY * (end - start):
            return True
        return end - start < _LONGEST_IMPRINT and bool(_imprint().search(self.text[start:end]))

    def is_numbered(self, number: int) -> bool:
        """Tell whether an element's text begins with a number or a bracket of its own."""
        first = bisect_left(self.solid, self.starts[number])
        at = self.solid[first] if first < len(self.solid) else len(self.text)
        return at < self.ends[number] and bool(_NUMBER.match(self.text, at))


def _first_number(start: str) -> int:
    printed = start.isascii() and start.isdigit() and len(start) <= _LONGEST_START
    return int(start) if printed else 1


@cache
def _names(key: str) -> frozenset[str]:
    return frozenset(vocabulary()[key])


@cache
def _imprint() -> re.Pattern[str]:
    return re.compile(vocabulary()["imprint"], re.IGNORECASE)


class _Writer:
    """Writes the events of a page as text."""

    def __init__(self, page: _Page) -> None:
        self._page = page
        self._parts: list[str] = []
        self._filled: list[int] = []  # cells written in each row that is open
        self._lists: list[Iterator[int] | None] = []  # numbers of each list that is open
        self._verbatim = 0
        self._blocks = _names("blocks")

    def write(self) -> str:
        """Return the text."""
        page, left_out = self._page, self._page.surroundings()
        skipped = -1  # the element that is being left out
        for event in page.events:
            if skipped >= 0:
                skipped = -1 if event == ~skipped else skipped
            elif isinstance(event, str):
                self._parts.append(event if self._verbatim else _BLANKS.sub(" ", event))
            elif event < 0:
                self._close(page.names[~event])
            elif event in left_out:
                skipped = event
            else:
                self._open(event, page.names[event])
        return _tidy("".join(self._parts))

    def _open(self, number: int, name: str) -> None:
        if name in _CELLS:
            self._open_cell()
            return
        if name in self._blocks:
            self._parts.append("\n")
        if name == "tr":
            self._filled.append(0)
        elif name in {"ol", "ul"}:
            self._lists.append(count(self._page.lists[number]) if name == "ol" else None)
        elif name == "li":
            self._number(number)
        self._verbatim += name == "pre"

    def _open_cell(self) -> None:
        if self._filled:
            if self._filled[-1]:
                self._parts.append("\t")
            self._filled[-1] += 1
        self._parts.append(_CELL)

    def _number(self, item: int) -> None:
        numbers = self._lists[-1] if self._lists else None
        if numbers is not None:
            number = next(numbers)
            if not self._page.is_numbered(item):  # else it is numbered by hand
                self._parts.append(f"{number}. ")

    def _close(self, name: str) -> None:
        if name in _CELLS:
            self._parts.append(_CELL_END)
        elif name == "tr":
            self._filled.pop()
        elif name in {"ol", "ul"}:
            self._lists.pop()
        self._verbatim -= name == "pre"
        if name in self._blocks and name != "br":
            self._parts.append("\n")


def _tidy(text: str) -> str:
    text = _AFTER_CELL.sub(_CELL, _BEFORE_END.sub(_CELL_END, _SPACES.sub(" ", text)))
    text = text.replace(_CELL, "").replace(_CELL_END, "")
    text = _AROUND_BREAK.sub(r"\1", _SPACES.sub(" ", text))
    return _BREAKS.sub("\n", text).strip(" \n")
