"""A Word document (.docx) as a web page: a packed folder of XML, of which the text parts are read.

Heads and feet of its pages are kept once, before and after the text, as those of a PDF are.
"""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from html import escape
from io import BytesIO
from xml.parsers.expat import ExpatError, ParserCreate

from screener.errors import InputError
from screener.language import say
from screener.reports.documents.bounds import BOUNDS

__all__ = ["is_word", "word_page"]

_ZIP = b"PK\x03\x04"
_END, _END_SIZE, _COMMENT = b"PK\x05\x06", 22, 65_535
_MAIN = "word/document.xml"
_PARTS = tuple(
    re.compile(name)
    for name in (
        r"word/header\d{0,3}\.xml",
        r"word/document\.xml",
        r"word/footnotes\.xml",
        r"word/endnotes\.xml",
        r"word/footer\d{0,3}\.xml",
    )
)
_TAGS = {"p": "p", "tbl": "table", "tr": "tr", "tc": "td"}
_BREAKS = {"br": "<br>", "cr": "<br>", "tab": " ", "noBreakHyphen": "-"}
_UNREAD = frozenset({"Fallback", "del", "moveFrom"})  # shown otherwise, or not any more
_BROKEN = (
    ExpatError, zipfile.BadZipFile, EOFError, NotImplementedError, OSError, RuntimeError,
    ValueError, struct.error, zlib.error,
)  # fmt: skip


def is_word(content: bytes) -> bool:
    """Tell whether bytes are a Word document that can be read."""
    if not content.startswith(_ZIP) or _directory_size(content) > BOUNDS.directory:
        return False
    try:
        with zipfile.ZipFile(BytesIO(content)) as packed:
            return _MAIN in packed.namelist()
    except _BROKEN:
        return False


def word_page(content: bytes, *, name: str) -> str:
    """Return a Word document as the markup of a web page, for the reader of those.

    Raises
    ------
    InputError
        If it is damaged or protected, unpacks to too much, or has too many marks.
    """
    pages: list[str] = []
    left = BOUNDS.file
    try:
        with zipfile.ZipFile(BytesIO(content)) as packed:
            for part in _text_parts(packed):
                with packed.open(part) as stream:
                    source = stream.read(left + 1)
                left -= len(source)
                if left < 0 or source.count(b"<") > BOUNDS.word_marks:
                    raise InputError(
                        say(
                            "this Word document unpacks to more than {most:.0f} MB or "
                            "{marks:,} tags",
                            most=BOUNDS.file / 1e6,
                            marks=BOUNDS.word_marks,
                        ),
                        where=name,
                        fix=say("give the report's own text alone, as .txt"),
                    )
                page = _markup(source)
                if page not in pages:
                    pages.append(page)
    except _BROKEN as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            say("this Word document is damaged or protected: {error}", error=error),
            where=name,
            fix=say("open it in Word, save it anew as .docx, or give its text as .txt"),
        ) from error
    return f"<html><body>{''.join(pages)}</body></html>"


def _directory_size(content: bytes) -> int:
    """Return the bytes of a packed folder's list of files; endless if it does not tell them."""
    at = content.rfind(_END, max(0, len(content) - _END_SIZE - _COMMENT))
    if at < 0 or at + _END_SIZE > len(content):
        return BOUNDS.file
    return int(struct.unpack_from("<I", content, at + 12)[0])


def _text_parts(packed: zipfile.ZipFile) -> list[str]:
    names = sorted(packed.namelist())
    return [name for part in _PARTS for name in [one for one in names if part.fullmatch(one)]][
        : BOUNDS.word_parts
    ]


def _markup(source: bytes) -> str:
    part = _Part()
    parser = ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = part.start
    parser.EndElementHandler = part.end
    parser.CharacterDataHandler = part.data
    parser.EntityDeclHandler = _refuse_entity
    parser.Parse(source, True)
    return "".join(part.pieces)


def _refuse_entity(*_: object) -> None:
    raise ValueError(say("it declares entities of its own"))


class _Part:
    """What a parser tells of a part: its paragraphs, tables and texts as markup."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self._unread = 0
        self._text = 0
        self._length = 0

    def start(self, tag: str, _attributes: object) -> None:
        """Take the beginning of an element."""
        name = _local(tag)
        self._unread += name in _UNREAD or self._unread > 0
        self._text += name == "t"
        if self._unread or self._length > BOUNDS.characters:
            return
        if name in _TAGS:
            self.pieces.append(f"<{_TAGS[name]}>")
        elif name in _BREAKS:
            self.pieces.append(_BREAKS[name])

    def end(self, tag: str) -> None:
        """Take the end of an element."""
        name = _local(tag)
        self._text -= name == "t"
        if not self._unread and name in _TAGS and self._length <= BOUNDS.characters:
            self.pieces.append(f"</{_TAGS[name]}>")
        self._unread -= self._unread > 0

    def data(self, text: str) -> None:
        """Take text: that of a run, no more than is read of a document."""
        if self._text and not self._unread and self._length <= BOUNDS.characters:
            self.pieces.append(escape(text, quote=False))
            self._length += len(text)


def _local(tag: str) -> str:
    return tag.rpartition(":")[2]
