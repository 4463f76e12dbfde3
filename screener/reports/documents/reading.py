"""Report files to text: plain text, Markdown, HTML, Word and PDF, in any encoding China uses.

The one place of this folder that touches files. What a document is, its content tells before its
name: a page saved as `.txt` is read as a page, and a picture called `.pdf` is refused.
"""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass, replace
from enum import StrEnum
from io import BytesIO
from pathlib import Path, PurePath

from screener.errors import InputError, NotFoundError, StorageError
from screener.files.clean import clean
from screener.files.regular import read_regular
from screener.language import say
from screener.language.outside import fault_of
from screener.reports.documents.archive import archived_page, is_archive
from screener.reports.documents.bounds import BOUNDS
from screener.reports.documents.encoding import decode, vocabulary
from screener.reports.documents.foreign import foreign_error
from screener.reports.documents.html import declared_charset, html_text, looks_like_html
from screener.reports.documents.markdown import looks_like_markdown, markdown_text
from screener.reports.documents.pdf import pdf_text
from screener.reports.documents.word import is_word, word_page

__all__ = ["ENDINGS", "Document", "Media", "read_bytes", "read_document"]

_GZIP = b"\x1f\x8b"
_PDF = b"%PDF-"
_PDF_HEAD = 1024  # bytes in which the mark may stand, some servers put others before it
_HEAD = 8192
_HTML_ENDINGS = frozenset({".htm", ".html", ".shtml", ".xhtml"})
_LONGEST_SIGN = 4  # bytes of one character in any encoding
_MARKDOWN_ENDINGS = frozenset({".markdown", ".md", ".mdown", ".mkd"})
_OTHER_ENDINGS = frozenset({".txt", ".text", ".pdf", ".docx", ".mht", ".mhtml", ".gz"})
ENDINGS = _HTML_ENDINGS | _MARKDOWN_ENDINGS | _OTHER_ENDINGS
"""Endings of files that are taken out of a folder to be read."""


class Media(StrEnum):
    """What kind of file a document came in."""

    TEXT = "text"
    MARKDOWN = "markdown"
    HTML = "html"
    WORD = "word"
    PDF = "pdf"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A report's text as decoded, to which all offsets refer.

    Parameters
    ----------
    name
        File name, or `-` for standard input.
    media
        What kind of file it came in.
    encoding
        Codec that read the bytes; empty for a PDF and a Word document.
    text
        The text, white space as it came, without characters that command a terminal.
    remarks
        What of the document was not read, and why.
    """

    name: str
    media: Media
    encoding: str
    text: str
    remarks: tuple[str, ...] = ()


def read_document(path: Path) -> Document:
    """Read a report file.

    Raises
    ------
    NotFoundError
        If there is no such file.
    InputError
        If it is a folder, a pipe or a device, or its content cannot be read as a report; see
        `read_bytes`.
    StorageError
        If the system does not let it be read.
    """
    try:
        content = read_regular(
            path,
            BOUNDS.file,
            where=str(path),
            fix=_alone(),
            instead=say("give the report file itself; what comes through a pipe is read with -"),
        )
    except FileNotFoundError as error:
        raise NotFoundError(
            say("there is no such file"), where=str(path), fix=say("check the path")
        ) from error
    except OSError as error:
        raise StorageError(
            say("the file cannot be read: {why}", why=fault_of(error)),
            where=str(path),
            fix=say("check its permissions, or copy it to another folder"),
        ) from error
    return read_bytes(content, name=path.name)


def read_bytes(content: bytes, *, name: str = "-") -> Document:
    """Read a report from its bytes; their kind is told by what they hold and by the name's ending.

    Parameters
    ----------
    content
        The file's bytes, gzipped or not.
    name
        File name, or `-` for standard input.

    Raises
    ------
    InputError
        If the bytes are empty, too many, another kind of file, in no known encoding, a PDF that
        is damaged, protected or scanned, or hold no text.
    """
    content, ending = _unpacked(content, name)
    if not content.strip(b"\0\t\n\r "):
        raise _without_text(say("the file is empty"), name)
    if _PDF in content[:_PDF_HEAD]:
        text, remarks = pdf_text(content, name=name)
        read = Document(name=name, media=Media.PDF, encoding="", text=text, remarks=remarks)
    elif is_word(content):
        page = _page_text(word_page(content, name=name), name)
        read = Document(name=name, media=Media.WORD, encoding="", text=page)
    else:
        _refuse_foreign(content, name, ending)
        read = _read_text(content, name, ending)
    text = clean(read.text)
    if not text.strip():
        raise _without_text(say("the document holds no text"), name)
    if len(text) <= BOUNDS.characters:
        return replace(read, text=text)
    cut = say(
        "only the first {n:,} characters of {name} were read, what follows was not: split the "
        "document if that matters",
        n=BOUNDS.characters,
        name=name,
    )
    return replace(read, text=text[: BOUNDS.characters], remarks=(*read.remarks, cut))


def _read_text(content: bytes, name: str, ending: str) -> Document:
    declared = ""
    if is_archive(content):
        content, declared = archived_page(content)
        ending = ".html"
    declared = declared or declared_charset(content)
    longest = _LONGEST_SIGN * (BOUNDS.characters + 1)
    if len(content) > longest and not _may_be_page(content, ending):
        source, encoding = decode(content[:longest], name=name, declared=declared, whole=False)
    else:
        source, encoding = decode(content, name=name, declared=declared)
    media = _media(source, ending)
    if media is Media.HTML:
        text = _page_text(source, name)
    else:
        source = source[: BOUNDS.characters + 1]  # one more shows that there is more
        text = markdown_text(source) if media is Media.MARKDOWN else source
    return Document(name=name, media=media, encoding=encoding, text=text)


def _may_be_page(content: bytes, ending: str) -> bool:
    """Tell whether bytes may be a web page, of which most are no text."""
    return ending in _HTML_ENDINGS or b"<" in content[:_HEAD]


def _page_text(source: str, name: str) -> str:
    try:
        return html_text(source)
    except InputError as error:
        raise InputError(error.what, where=name, fix=error.fix) from error


def _media(source: str, ending: str) -> Media:
    if ending in _MARKDOWN_ENDINGS:
        return Media.MARKDOWN
    if ending in _HTML_ENDINGS or looks_like_html(source):
        return Media.HTML
    marked = looks_like_markdown(source[: BOUNDS.characters])
    return Media.MARKDOWN if marked else Media.TEXT


def _unpacked(content: bytes, name: str) -> tuple[bytes, str]:
    """Return the bytes out of their gzip wrapping, if they have one, and the name's ending."""
    _check_size(len(content), name)
    inner = PurePath(name)
    if content.startswith(_GZIP):
        if inner.suffix.lower() == ".gz":
            inner = inner.with_suffix("")
        try:
            with gzip.GzipFile(fileobj=BytesIO(content)) as packed:
                content = packed.read(BOUNDS.file + 1)
        except (EOFError, OSError, zlib.error) as error:
            raise InputError(
                say("this gzip file is damaged: {error}", error=error),
                where=name,
                fix=say("get the file again"),
            ) from error
        _check_size(len(content), name)
    return content, inner.suffix.lower()


def _check_size(size: int, where: str) -> None:
    if size > BOUNDS.file:
        raise InputError(
            say(
                "{size:,.0f} MB or more is too much; up to {most:,.0f} MB are read",
                size=size / 1e6,
                most=BOUNDS.file / 1e6,
            ),
            where=where,
            fix=_alone(),
        )


def _refuse_foreign(content: bytes, name: str, ending: str) -> None:
    for kind in vocabulary()["foreign"]:
        holds = kind.get("holds", "").encode("ascii")
        if content.startswith(bytes.fromhex(kind["magic"])) and holds in content[:_HEAD]:
            raise foreign_error(kind, name)
    if ending == ".pdf":
        raise InputError(
            say("this is no PDF, though its name says so: it lacks the mark %PDF at its beginning"),
            where=name,
            fix=say("get the file again; what was saved may be an error or a login page"),
        )


def _alone() -> str:
    return say("give the report alone, without attachments, or save its text as .txt")


def _without_text(what: str, name: str) -> InputError:
    fix = say("save the page from the browser once it shows the report, or give its text as .txt")
    return InputError(what, where=name, fix=fix)
