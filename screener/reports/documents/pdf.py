"""PDF to text: the text layer, page by page, without what repeats on every page.

The one door to pypdf. Pages are read in the order in which their text was laid down, which is the
reading order wherever columns and boxes were written one after the other.
"""

from __future__ import annotations

import logging
import re
import struct
import time
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from screener.errors import InputError
from screener.files.budget import OutOfTime, within
from screener.language import say
from screener.language.lists import clauses, listed
from screener.reports.documents.bounds import BOUNDS
from screener.reports.documents.columns import LEVEL, Piece, by_rows
from screener.reports.documents.encoding import plausibility, without_radicals

if TYPE_CHECKING:  # a heavy import, for PDF files alone
    from pypdf import PageObject, PdfReader

__all__ = ["pdf_text"]

_MARGIN = 0.15  # share of a page's height in which running heads and feet stand
_RECURS = 0.4  # of the pages: left and right pages may have heads of their own
_SEVERAL = 3  # pages from which on something can be said to repeat
_LEAST_READABLE = 0.2
_JUDGED = 20  # characters from which on a page's text is judged
_TOLD = 10  # numbers of pages in a remark
_SPARSE = 30  # characters on a page that is a picture with a stamp on it
_LONGEST_HEAD = 120
_NUMBER = re.compile(r"\d{1,4}")
_PAGE_WORDS = re.compile(r"[第页頁共]|page|of|p\.", re.IGNORECASE)
_MOST_IN_MARGIN = 60  # lines
_MOST_NUMBERS = 12  # in a running line, the page's own among them
_BUCKET = 4.0  # points by which the same place may differ
_OWN = "\0"  # stands for the page's own number

# What pypdf raises, besides its own errors, over structures that are not what they should be.
_MISREAD = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    NotImplementedError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)
# pypdf tells of every blemish that it could read past; the text that comes out is judged instead.
_QUIET = logging.NullHandler()


class _Line(NamedTuple):
    text: str
    margin: str  # "head", "foot", or empty for a line of the page's body
    distance: float  # points from that margin's edge


class _Key(NamedTuple):
    text: str
    offset: int
    margin: str
    shift: float
    raster: int


def pdf_text(content: bytes, *, name: str) -> tuple[str, tuple[str, ...]]:
    """Return a PDF's text, its pages joined by a line break, and what of it was not read.

    From three pages on, running heads, feet and page numbers (lines that recur on many pages at the
    same place in the margin) are taken out, so that a sentence broken by a page joins again. What
    they say is kept once: heads of the first page at the beginning, all others at the end.

    Raises
    ------
    InputError
        If the file is damaged or protected, takes too long, or has no text that can be read (a
        scan).
    """
    from pypdf import apply_configuration
    from pypdf.errors import DependencyError, FileNotDecryptedError, PyPdfError

    logging.getLogger("pypdf").addHandler(_QUIET)
    seconds = BOUNDS.pdf_seconds + BOUNDS.pdf_seconds_for_each_mb * len(content) / 1e6
    most = BOUNDS.stream_bytes
    try:
        with (
            apply_configuration(
                disable_legacy_handling=True,
                zlib_maximum_output_length=most,
                lzw_maximum_output_length=most,
                run_length_maximum_output_length=most,
                array_based_stream_maximum_output_length=most,
                maximum_declared_stream_length=BOUNDS.file,
            ),
            within(2 * seconds),
        ):
            read = _read_pages(_open(content), seconds)
    except OutOfTime:
        raise InputError(
            say(
                "this PDF is not read within {seconds:.0f} seconds of the processor",
                seconds=2 * seconds,
            ),
            where=name,
            fix=_printed(),
        ) from None
    except FileNotDecryptedError as error:
        raise InputError(
            say("this PDF is protected by a password"),
            where=name,
            fix=say("open it with its password, print it to a PDF without one, and give that"),
        ) from error
    except DependencyError as error:
        raise InputError(
            say(
                "this PDF is encrypted or packed in a way that needs another package: {error}",
                error=error,
            ),
            where=name,
            fix=say("install that package, or print the file to a new PDF without protection"),
        ) from error
    except PyPdfError as error:
        raise _damaged(name, repr(str(error))) from error
    except _MISREAD as error:
        raise _damaged(name, say("its structure cannot be read")) from error
    _check_readable(read, name)
    return without_radicals(_joined(read.pages)), read.remarks(name)


@dataclass(slots=True)
class _Read:
    """What was read of a PDF."""

    pages: list[list[_Line]]
    left_out: list[int]  # numbers of pages beyond their share of time or bytes
    unread: int  # pages after the last that was come to
    pictured: list[int]  # numbers of pages that show a picture and next to no text

    def remarks(self, name: str) -> tuple[str, ...]:
        """Tell what was not read."""
        said = []
        if self.left_out:
            said.append(
                say(
                    "page(s) {pages} of {name} were not read: they take more than {seconds:g} "
                    "seconds or {most:.0f} MB",
                    pages=_first_of(self.left_out),
                    name=name,
                    seconds=BOUNDS.page_seconds,
                    most=BOUNDS.page_bytes / 1e6,
                )
            )
        if self.pictured:
            pictures = say(
                "page(s) {pages} of {name} are pictures without a text layer, as a scan has: what "
                "they show was not read",
                pages=_first_of(self.pictured),
                name=name,
            )
            said.append(clauses([pictures, _recognised()]))
        if self.unread:
            said.append(
                say(
                    "the last {n} page(s) of {name} were not read: it is longer than what is read "
                    "of one document",
                    n=self.unread,
                    name=name,
                )
            )
        return tuple(said)


def _first_of(pages: Sequence[int]) -> str:
    told = listed(pages[:_TOLD])
    return told if len(pages) <= _TOLD else f"{told} …"


def _recognised() -> str:
    return say("run text recognition (OCR) over it, or save its text as .txt, and give that")


def _printed() -> str:
    return say("print it to a new PDF, or save its text as .txt, and give that")


def _read_pages(reader: PdfReader, seconds: float) -> _Read:
    from pypdf.errors import LimitReachedError

    end = time.process_time() + seconds
    count = len(reader.pages)
    read = _Read([], [], 0, [])
    letters = 0
    for number in range(count):
        left = end - time.process_time()
        if left <= 0 or number >= BOUNDS.pages or letters > BOUNDS.characters:
            read.unread = count - number
            break
        try:
            with within(min(left, BOUNDS.page_seconds)):
                lines = _lines(reader.pages[number])
        except (OutOfTime, LimitReachedError, _TooMuch):
            lines = []
            read.left_out.append(number + 1)
        own = sum(len(line.text) for line in lines)
        letters += own
        read.pages.append(lines)
        if own < _SPARSE and _shows_picture(reader, number):
            read.pictured.append(number + 1)
    return read


class _TooMuch(Exception):
    """A page draws more than is read."""


def _open(content: bytes) -> PdfReader:
    from pypdf import PdfReader

    return PdfReader(BytesIO(content))


def _damaged(name: str, reason: str) -> InputError:
    return InputError(
        say("this PDF is damaged: {reason}", reason=reason),
        where=name,
        fix=say("get the file again; a download that broke off is shorter than the original"),
    )


def _lines(page: PageObject) -> list[_Line]:
    """Read a page's lines, and which of them stand in its upper or lower margin."""
    pieces: list[Piece] = []
    sideways = page.rotation % 180 == 90

    def note(text: str, outer: Sequence[float], inner: Sequence[float], *_: object) -> None:
        right, up = (
            inner[4] * outer[axis] + inner[5] * outer[2 + axis] + outer[4 + axis] for axis in (0, 1)
        )
        pieces.append(Piece(text, right, -up) if sideways else Piece(text, up, right))

    drawn = page.get_contents()
    if drawn is not None and len(drawn.get_data()) > BOUNDS.page_bytes:
        raise _TooMuch
    page.extract_text(visitor_text=note)
    box = page.mediabox
    low, high = (box.left, box.right) if sideways else (box.bottom, box.top)
    drawn_lines = by_rows(list(_split(pieces)))
    lines = [_placed(text, along, float(low), float(high)) for text, along in _rows(drawn_lines)]
    return _thin_margins(lines)


def _thin_margins(lines: list[_Line]) -> list[_Line]:
    """Take for the page's body what stands in a margin among more lines than a margin has."""
    full = {name for name, times in Counter(line.margin for line in lines).items()
            if times > _MOST_IN_MARGIN}  # fmt: skip
    return [line._replace(margin="") if line.margin in full else line for line in lines]


def _rows(pieces: Sequence[Piece]) -> list[tuple[str, float]]:
    """Join what stands side by side: the cells of a table come as lines of their own."""
    rows: list[tuple[list[str], float]] = []
    for text, along, _ in pieces:
        if rows and abs(rows[-1][1] - along) < LEVEL:
            rows[-1][0].append(text)
        else:
            rows.append(([text], along))
    return [("\t".join(cells), along) for cells, along in rows]


def _split(pieces: Sequence[Piece]) -> Iterator[Piece]:
    parts: list[str] = []
    solid = False
    along = across = 0.0
    for piece in [*pieces, Piece("\n", 0.0, 0.0)]:
        for number, part in enumerate(piece.text.split("\n")):
            if number and solid:
                yield Piece("".join(parts).strip(), along, across)
            if number:
                parts, solid = [], False
            if not solid:
                along, across = piece.along, piece.across
            parts.append(part)
            solid = solid or bool(part.strip())


def _placed(text: str, along: float, low: float, high: float) -> _Line:
    margin = _MARGIN * (high - low)
    if along >= high - margin:
        return _Line(text, "head", high - along)
    return _Line(text, "foot" if along <= low + margin else "", along - low)


def _shows_picture(reader: PdfReader, number: int) -> bool:
    from pypdf.errors import PyPdfError

    try:
        return _has_picture(reader.pages[number])
    except (PyPdfError, *_MISREAD):  # the page's text is read, whatever its pictures are
        return False


def _has_picture(page: PageObject) -> bool:
    stack: list[Any] = [page.get("/Resources")]
    for _ in range(100):  # forms can hold forms, in a damaged file without end
        if not stack:
            break
        resources = stack.pop()
        objects = resources.get_object().get("/XObject") if resources is not None else None
        for item in objects.get_object().values() if objects is not None else ():
            drawn = item.get_object()
            if drawn.get("/Subtype") == "/Image":
                return True
            stack.append(drawn.get("/Resources"))
    return False


def _check_readable(read: _Read, name: str) -> None:
    if not read.pages:
        raise _damaged(name, say("it has no pages"))
    texts = ["".join("".join(line.text for line in page).split()) for page in read.pages]
    letters = sum(map(len, texts))
    if not letters and read.left_out:
        raise InputError(
            say(
                "no page of this PDF is read within {seconds:g} seconds of the processor "
                "and {most:.0f} MB",
                seconds=BOUNDS.page_seconds,
                most=BOUNDS.page_bytes / 1e6,
            ),
            where=name,
            fix=_printed(),
        )
    if not letters or (read.pictured and letters < _SPARSE * len(texts)):
        raise InputError(
            say(
                "this PDF has no text layer ({letters} characters on {n} pages): a scan, or "
                "pictures of pages",
                letters=letters,
                n=len(texts),
            ),
            where=name,
            fix=_recognised(),
        )
    for number, text in enumerate(texts, 1):
        if len(text) >= _JUDGED and _is_garbled(text):
            raise InputError(
                say(
                    "the text layer of page {number} cannot be read: its font does not tell "
                    "which characters it shows",
                    number=number,
                ),
                where=name,
                fix=_recognised(),
            )


def _is_garbled(text: str) -> bool:
    foreign = [sign for sign in text if not " " < sign <= "~"]
    return len(foreign) >= len(text) // 2 and plausibility(text) < _LEAST_READABLE


def _joined(pages: list[list[_Line]]) -> str:
    again = _recurring(pages)
    first: list[str] = []  # the first page's heads, which may have been laid down last
    body: list[str] = []
    last: dict[str, str] = {}
    for number, page in enumerate(pages):
        for line in page:
            said = next((key.text for key in _keys(line, number) if key in again), None)
            if said is None:
                body.append(line.text)
            elif _tells(said) and number == 0 and line.margin == "head":
                first.append(line.text)
            elif _tells(said):
                last.setdefault(said, line.text)
    shown = {*first, *body}
    return "\n".join([*first, *body, *(text for text in last.values() if text not in shown)])


def _recurring(pages: list[list[_Line]]) -> set[_Key]:
    if len(pages) < _SEVERAL:
        return set()
    found: Counter[_Key] = Counter()
    for number, page in enumerate(pages):
        found.update({key for line in page for key in _keys(line, number)})
    least = max(2, _RECURS * len(pages))
    return {key for key, times in found.items() if times >= least}


def _keys(line: _Line, page: int) -> list[_Key]:
    """Return what makes a line of a margin the same as one on another page.

    Its place, in two rasters that overlap so that no place lies on the border of both, and its
    text: as it is, or with one number counted from the page's own.
    """
    if not line.margin or len(line.text) > _LONGEST_HEAD:
        return []
    texts = [(line.text, 0)]
    for number in islice(_NUMBER.finditer(line.text), _MOST_NUMBERS):
        rest = f"{line.text[: number.start()]}{_OWN}{line.text[number.end() :]}"
        texts.append((rest, int(number.group()) - page))
    places = [(shift, int((line.distance + shift) // _BUCKET)) for shift in (0.0, _BUCKET / 2)]
    return [
        _Key(text, offset, line.margin, shift, raster)
        for text, offset in texts
        for shift, raster in places
    ]


def _tells(text: str) -> bool:
    """Tell whether a running line holds more than a page number, such as a title or a date."""
    rest = _PAGE_WORDS.sub("", text)
    return sum(map(str.isalpha, rest)) >= 2 or sum(map(str.isdigit, rest)) >= 6
