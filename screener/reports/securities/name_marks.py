"""Names as masters print them, with marks in front and behind, and the plain names they leave."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from screener.reports.text.text import clean_name

__all__ = ["CUT_LENGTH", "SHARE_CLASS", "ST_MARK", "TAIL_MARK", "Plain", "plain_name"]

_EX_MARK = re.compile(r"^(?:XD|XR|DR)(?=.)")
_NEW_MARK = re.compile(r"^[NCU](?=[\u4e00-\u9fff])")
ST_MARK = re.compile(r"^(S?\*?ST|S|G)(?=[\u4e00-\u9fff])")
TAIL_MARK = re.compile(r"(?:-[A-Z]{1,3}|\(新\)|-OLD|-NEW|\(旧\))$")
SHARE_CLASS = re.compile(r"(?<=[\u4e00-\u9fff])[AB]$")
CUT_LENGTH = 3  # a mark and three characters fill the eight bytes of a short name


@dataclass(frozen=True, slots=True)
class Plain:
    """A printed name without its marks; `forms` are all the ways in which it may be written."""

    name: str
    forms: tuple[str, ...]
    cut: bool


@lru_cache(maxsize=65_536)
def plain_name(name: str) -> Plain:
    """Return a printed name without its marks."""
    text = clean_name(name)
    marked = _EX_MARK.search(text) or _NEW_MARK.search(text)
    text = text[marked.end() :] if marked else text
    text = TAIL_MARK.sub("", TAIL_MARK.sub("", text))
    special = ST_MARK.match(text)
    stem = text[special.end() :] if special else text
    cut = marked is not None and len(stem) >= CUT_LENGTH and _bytes(text) + len(marked[0]) >= 8
    forms = [text, SHARE_CLASS.sub("", stem), stem]
    if special and "ST" in special[1]:
        forms += [f"*ST{stem}", f"ST{stem}"]
    kept = tuple(form for form in dict.fromkeys(forms) if len(form) > 1)
    return Plain(text, kept, cut)


def _bytes(text: str) -> int:
    return sum(1 if character.isascii() else 2 for character in text)
