"""Bytes of a text file to UTF-8, strictly: a byte that does not fit is an error, never a guess."""

from __future__ import annotations

from itertools import islice

from screener.errors import SchemaMismatch
from screener.files.decoding import Undecodable, readings, unicode_mark
from screener.language import say

__all__ = ["to_utf8"]

_CONTROLS = bytes(byte for byte in range(32) if byte not in b"\t\n\r\f\v\x1a")
_SAMPLE_CHARACTERS = 4_000

# First bytes of the characters of everyday use and of the signs, in each of the two codes.
_COMMON = {
    "gb18030": (frozenset({0xA1, 0xA3, *range(0xB0, 0xD8)}), 0xA1),
    "big5hkscs": (frozenset(range(0xA1, 0xC7)), 0x40),
}


def to_utf8(content: bytes, *, file: str) -> tuple[bytes, str]:
    """Return the text as UTF-8 without byte-order mark, and the encoding that it came in.

    UTF-8, UTF-16, GB18030 and Big5 are read. Where both Chinese codes fit, the one in which more
    of the characters are everyday ones is taken.

    Raises
    ------
    SchemaMismatch
        If the bytes are no text, or a byte fits none of the encodings; names its offset.
    """
    _refuse_known_formats(content, file)
    marked, skip = unicode_mark(content)
    if not marked:
        _refuse_binary(content, file)
    try:
        found = readings(content, tuple(_COMMON), damaged=_mostly_utf8)
    except Undecodable as error:
        fix = say("save the file again as CSV in UTF-8")
        raise SchemaMismatch(str(error), where=file, fix=fix) from error
    if "utf-8" in found:
        return content[skip:], "utf-8"
    encoding = max(found, key=lambda name: _common_share(found[name], name))
    return found[encoding].encode("utf-8"), encoding


def _refuse_known_formats(content: bytes, file: str) -> None:
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise SchemaMismatch(
            say("this is an old Excel workbook (.xls), or one with a password, not text"),
            where=file,
            fix=say("open it and save it as .xlsx without password, or as CSV (UTF-8)"),
        )
    if content.startswith(b"\x1f\x8b"):
        what, fix = say("this is a gzip archive, not text"), say("unpack it first")
        raise SchemaMismatch(what, where=file, fix=fix)
    if content.startswith(b"%PDF"):
        what, fix = say("this is a PDF document, not text"), say("export the table as CSV")
        raise SchemaMismatch(what, where=file, fix=fix)


def _refuse_binary(content: bytes, file: str) -> None:
    controls = len(content) - len(content.translate(None, _CONTROLS))
    if controls:
        at = next(index for index, byte in enumerate(content) if byte in _CONTROLS)
        raise SchemaMismatch(
            say(
                "not a text file: {n} control characters, the first is byte 0x{byte:02x} at "
                "offset {offset}",
                n=controls,
                byte=content[at],
                offset=at,
            ),
            where=file,
            fix=say("export the table again as CSV (UTF-8)"),
        )


def _mostly_utf8(text: str) -> bool:
    """Tell whether more characters fit UTF-8 than not: then it is damaged, not in another code."""
    broken = text.count("\ufffd")
    wide = sum(1 for _ in islice((sign for sign in text if sign > "\x7f"), _SAMPLE_CHARACTERS))
    return wide > 2 * broken


def _common_share(text: str, encoding: str) -> float:
    if encoding not in _COMMON:
        return 1.0
    leads, least_trail = _COMMON[encoding]
    wide = islice((sign for sign in text if sign > "\x7f"), _SAMPLE_CHARACTERS)
    codes = [sign.encode(encoding) for sign in wide]
    common = sum(
        1 for code in codes if len(code) == 2 and code[0] in leads and code[1] >= least_trail
    )
    return common / len(codes) if codes else 0.0
