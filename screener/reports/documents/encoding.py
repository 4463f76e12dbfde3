"""Bytes to text, strictly: a byte that does not fit is an error, never a guess.

Every Big5 text is also well-formed GB18030, and many a short GB18030 text well-formed Big5. Which
of the two was meant shows in the characters alone: read in the wrong code, they are rare ones.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from contextlib import suppress
from functools import cache, lru_cache
from importlib.resources import files
from itertools import islice
from typing import Any

from screener.errors import InputError
from screener.files.decoding import Undecodable, read_as, readings
from screener.language import say
from screener.reports.text.text import simplified

__all__ = ["decode", "plausibility", "vocabulary", "without_radicals"]

_CODES = ("gb18030", "big5hkscs", "cp950")  # of equally plausible ones the first is taken
_FAMILY = {
    **dict.fromkeys(("gb2312", "gbk", "gb18030", "cp936"), ("gb18030",)),
    **dict.fromkeys(("big5", "big5-hkscs", "big5hkscs", "cp950"), ("big5hkscs", "cp950")),
}
_PRIOR = 0.1  # what a page's own word on its code is worth
_LEAST = 0.2  # text that is read right scores above 0.5, in the wrong code about 0.1
_JUDGED = 4_000  # characters that are looked at
_WIDE = re.compile("[\u0800-\U0010ffff]")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f]")
_LETTER = re.compile("[\x00-\x08\x0e-\x1f\x80-\U0010ffff]")  # what tells how it was read
# Other encodings that pages of the world declare; of Python's codecs some are none of texts.
_DECLARED = re.compile(
    r"(?:iso[-_]?8859[-_]?\d{1,2}|windows[-_]?\d{3,4}|cp\d{3,4}|ibm\d{3}|koi8[-_][rtu]|latin[-_]?\d|"
    r"mac[-_]?\w{4,9}|macintosh|shift[-_]?jis|sjis|euc[-_](?:jp|kr)|iso[-_]2022[-_](?:jp|kr)|johab|"
    r"us[-_]ascii|ascii|tis[-_]?620|hz)"
)


def decode(content: bytes, *, name: str, declared: str = "", whole: bool = True) -> tuple[str, str]:
    """Return the text without byte-order mark, and the codec that read it.

    UTF-8, UTF-16, GB18030 and Big5 (with the Hong Kong and the Windows extensions) are told apart
    by what the bytes themselves allow and, between the Chinese codes, by how common the characters
    are that each gives.

    Parameters
    ----------
    content
        The bytes.
    name
        File name, for messages.
    declared
        What a page says that its encoding is; believed only as far as the bytes bear it out.

    whole
        Whether the bytes are all of them; else they may end inside a character.

    Raises
    ------
    InputError
        If the bytes are no text, or one fits none of the encodings; names its offset.
    """
    text, encoding = _decoded(content, name, declared.lower(), whole)
    first = _CONTROL.search(text)
    controls = len(_CONTROL.findall(text)) if first else 0
    if first and ("\0" in text or controls > 2 + len(text) // 100):
        raise InputError(
            say(
                "not a text file: {controls} control characters, the first is 0x{code:02x} at "
                "character {at}",
                controls=controls,
                code=ord(first[0]),
                at=first.start(),
            ),
            where=name,
            fix=say("give the report as text, Markdown, HTML or PDF"),
        )
    return without_radicals(_CONTROL.sub(" ", text)), encoding


def plausibility(text: str) -> float:
    """Tell how much a text looks like Chinese that was read in the right code, from -1 to 1.

    The mean over its first characters that are not ASCII: common ones count 1, rare ones less, and
    those that no text is made of (private use, unassigned, control) -1. It is 1 without any.
    """
    wide = [match[0] for match in islice(_LETTER.finditer(text), _JUDGED)]
    return sum(map(_weight, wide)) / len(wide) if wide else 1.0


def without_radicals(text: str) -> str:
    """Return text with the radicals that stand for whole characters replaced, one for one."""
    return text.translate(_radicals())


@cache
def vocabulary() -> dict[str, Any]:
    """Return the table of what tells one kind of document from another."""
    table = files("screener.reports") / "tables" / "documents.toml"
    return tomllib.loads(table.read_text(encoding="utf-8"))


def _decoded(content: bytes, name: str, declared: str, whole: bool) -> tuple[str, str]:
    found: dict[str, str] = {}
    wrong: Undecodable | None = None
    try:
        damaged = _never if declared in _FAMILY else _mostly_utf8
        found = readings(content, _CODES, damaged=damaged, whole=whole)
    except Undecodable as error:
        wrong = error
    if sure := [(text, code) for code, text in found.items() if code not in _CODES]:
        return sure[0]
    family = _FAMILY.get(declared, ())
    scores = {code: plausibility(text) + _PRIOR * (code in family) for code, text in found.items()}
    best = max(scores, key=scores.__getitem__, default="")
    if best and scores[best] >= _LEAST:
        return found[best], best
    if _DECLARED.fullmatch(declared) and (wrong is None or wrong.in_none):
        with suppress(LookupError, UnicodeError):
            return read_as(content, declared, whole), declared
    if wrong is None:
        wrong = Undecodable(content, next(at for at, byte in enumerate(content) if byte > 127))
    fix = say("save it again as UTF-8 text, from the program that made it")
    raise InputError(wrong.args[0] if wrong else "", where=name, fix=fix) from wrong


def _never(_: str) -> bool:
    return False


def _mostly_utf8(text: str) -> bool:
    """Tell whether more characters fit UTF-8 than not: then it is damaged, not in another code."""
    broken = text.count("\ufffd")
    return len(_WIDE.findall(text)) - broken > 2 * broken


@cache
def _common() -> frozenset[str]:
    return frozenset("".join(vocabulary()["common"].split()))


@cache
def _radicals() -> dict[int, str]:
    table = vocabulary()
    kangxi = {code: unicodedata.normalize("NFKC", chr(code)) for code in range(0x2F00, 0x2FD6)}
    others = zip(map(ord, table["radicals"]), table["characters"], strict=True)
    return kangxi | dict(others)


@lru_cache(maxsize=65_536)
def _weight(sign: str) -> float:
    category = unicodedata.category(sign)
    if sign == "\ufffd" or category in {"Cc", "Cn", "Co", "Cs"}:
        return -1.0
    if category[0] in "PZ" or "\uff01" <= sign <= "\uff5e" or simplified(sign) in _common():
        return 1.0
    if category[0] in "SN":
        return 0.5
    return 0.5 if _first_level(sign) else 0.0


def _first_level(sign: str) -> bool:
    """Tell whether either national standard counts a character among those of everyday use."""
    gb, big5 = (sign.encode(encoding, "ignore") for encoding in ("gb2312", "big5"))
    return b"\xb0" <= gb[:1] <= b"\xd7" or b"\xa4" <= big5[:1] <= b"\xc6"
