"""Bytes of a text file to UTF-8, strictly: a byte that does not fit is an error, never a guess."""

from __future__ import annotations

import codecs
from itertools import islice

from screener.errors import SchemaMismatch

__all__ = ["to_utf8"]

_MAGIC = (
    (
        b"\xd0\xcf\x11\xe0",
        "an old Excel workbook (.xls), or one with a password",
        "open it and save it as .xlsx without password, or as CSV (UTF-8)",
    ),
    (b"\x1f\x8b", "a gzip archive", "unpack it first"),
    (b"%PDF", "a PDF document", "export the table as CSV"),
)
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CONTROLS = bytes(byte for byte in range(32) if byte not in b"\t\n\r\f\v\x1a")
_SAMPLE = 65_536
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
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            return _reencoded(content, encoding, len(mark), file), encoding
    wide = _utf16_without_mark(content)
    if wide:
        return _reencoded(content, wide, 0, file), wide
    _refuse_binary(content, file)
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        if _mostly_utf8(content):
            raise _undecodable(content, error.start, "utf-8", file) from error
        return _from_chinese_code(content, file)
    return content, "utf-8"


def _refuse_known_formats(content: bytes, file: str) -> None:
    for magic, what, fix in _MAGIC:
        if content.startswith(magic):
            raise SchemaMismatch(f"this is {what}, not text", where=file, fix=fix)


def _reencoded(content: bytes, encoding: str, skip: int, file: str) -> bytes:
    body = content[skip:]
    try:
        text = body.decode(encoding)
    except UnicodeDecodeError as error:
        raise _undecodable(content, skip + error.start, encoding, file) from error
    return body if encoding == "utf-8" else text.encode("utf-8")


def _utf16_without_mark(content: bytes) -> str:
    sample = content[:_SAMPLE]
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    enough = len(sample) // 10
    if odd > enough and even == 0:
        return "utf-16-le"
    if even > enough and odd == 0:
        return "utf-16-be"
    return ""


def _refuse_binary(content: bytes, file: str) -> None:
    controls = len(content) - len(content.translate(None, _CONTROLS))
    if controls:
        at = next(index for index, byte in enumerate(content) if byte in _CONTROLS)
        raise SchemaMismatch(
            f"not a text file: {controls} control characters, the first is byte "
            f"0x{content[at]:02x} at offset {at}",
            where=file,
            fix="export the table again as CSV (UTF-8)",
        )


def _mostly_utf8(content: bytes) -> bool:
    """Tell whether more characters fit UTF-8 than not: then it is damaged, not in another code."""
    text = content.decode("utf-8", errors="replace")
    broken = text.count("\ufffd")
    wide = sum(1 for _ in islice((sign for sign in text if sign > "\x7f"), _SAMPLE_CHARACTERS))
    return wide > 2 * broken


def _from_chinese_code(content: bytes, file: str) -> tuple[bytes, str]:
    texts: dict[str, str] = {}
    furthest = 0
    for encoding in _COMMON:
        try:
            texts[encoding] = content.decode(encoding)
        except UnicodeDecodeError as error:
            furthest = max(furthest, error.start)
    if not texts:
        raise _undecodable(content, furthest, "UTF-8, UTF-16, GB18030 or Big5", file)
    encoding = max(texts, key=lambda name: _common_share(texts[name], name))
    return texts[encoding].encode("utf-8"), encoding


def _common_share(text: str, encoding: str) -> float:
    leads, least_trail = _COMMON[encoding]
    wide = islice((sign for sign in text if sign > "\x7f"), _SAMPLE_CHARACTERS)
    codes = [sign.encode(encoding) for sign in wide]
    common = sum(
        1 for code in codes if len(code) == 2 and code[0] in leads and code[1] >= least_trail
    )
    return common / len(codes) if codes else 0.0


def _undecodable(content: bytes, at: int, encoding: str, file: str) -> SchemaMismatch:
    return SchemaMismatch(
        f"byte 0x{content[at]:02x} at offset {at} is not text in {encoding}",
        where=file,
        fix="save the file again as CSV in UTF-8",
    )
