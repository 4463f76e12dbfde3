"""Bytes to text, strictly: a byte that does not fit is an error, never a guess."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Sequence

from screener.language import say

__all__ = ["Undecodable", "read_as", "readings", "unicode_mark"]

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAMPLE = 1 << 20
_EVERY = ""


class Undecodable(ValueError):
    """A byte that is no text: where it is, in which encoding, and whether all were tried."""

    def __init__(self, content: bytes, at: int, encoding: str = _EVERY) -> None:
        line = content.count(b"\n", 0, at) + 1
        super().__init__(
            say(
                "byte 0x{byte:02x} at offset {at} (line {line}) is not text in {encoding}",
                byte=content[at],
                at=at,
                line=line,
                encoding=encoding or say("UTF-8, UTF-16, GB18030 or Big5"),
            )
        )
        self.in_none = encoding == _EVERY


def readings(
    content: bytes, codes: Sequence[str], *, damaged: Callable[[str], bool], whole: bool = True
) -> dict[str, str]:
    """Return the readings of a text by codec, without byte-order mark, at least one.

    There is one where the bytes themselves tell UTF-8 or UTF-16; else one for each code that fits.

    Parameters
    ----------
    content
        The bytes.
    codes
        Codecs to try where it is neither.
    damaged
        Tells from what is left of it in UTF-8 whether it is damaged, not in another code.
    whole
        Whether the bytes are all of them; else they may end inside a character.

    Raises
    ------
    Undecodable
        If a byte fits none.
    """
    encoding, skip = unicode_mark(content)
    try:
        return {encoding or "utf-8": read_as(content[skip:], encoding or "utf-8", whole)}
    except UnicodeDecodeError as error:
        if encoding or damaged(content.decode("utf-8", errors="replace")):
            raise Undecodable(content, skip + error.start, (encoding or "utf-8").upper()) from error
    found: dict[str, str] = {}
    furthest = 0
    for code in codes:
        try:
            found[code] = read_as(content, code, whole)
        except UnicodeDecodeError as error:
            furthest = max(furthest, error.start)
    if not found:
        raise Undecodable(content, furthest)
    return found


def unicode_mark(content: bytes) -> tuple[str, int]:
    """Return the encoding that a byte-order mark or UTF-16's zeros tell, and the mark's length.

    Line ends, digits and blanks have a high byte of zero; a few Chinese characters (`一`) have a
    low byte of zero.
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return encoding, len(mark)
    sample = content[:_SAMPLE]
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if even + odd < max(1, len(sample) // 100) or len(content) % 2:
        return "", 0
    if odd > 4 * even:
        return "utf-16-le", 0
    return ("utf-16-be" if even > 4 * odd else ""), 0


def read_as(content: bytes, encoding: str, whole: bool) -> str:
    """Read bytes in one encoding; unless they are the `whole`, they may end inside a character."""
    if whole:
        return content.decode(encoding)
    return codecs.getincrementaldecoder(encoding)().decode(content, final=False)
