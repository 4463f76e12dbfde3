"""Names enumerated in a sentence, with what stands among them and is no name that is known."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from screener.reports.claims.sentences.figure_runs import SEPARATORS
from screener.reports.claims.vocabulary import Kind, Token

__all__ = ["Group", "Unread", "continues", "group_from"]

_LONGEST_GROUP = 120  # tokens of an enumeration
_ENDS_GROUP = frozenset(
    {Kind.NAME, Kind.COMMA, Kind.FIGURE, Kind.STOP, Kind.COLON, Kind.SEMICOLON, Kind.OPEN}
)
_OF_A_PART = frozenset({Kind.CODE, Kind.OPEN, Kind.CLOSE, Kind.FILLER, Kind.UP, Kind.TO})


class Unread(NamedTuple):
    """A part of an enumeration of names that is no name: misspelled, or of a company not listed."""

    start: int
    text: str


@dataclass(slots=True)
class Group:
    """Names enumerated: numbers of tokens, and what stands among them and is no name."""

    parts: list[int | Unread]
    first: int
    last: int


_UNREAD = r"[*\u4e00-\u9fffA-Z][\u4e00-\u9fffA-Z]{1,5}"
_AMONG = re.compile(rf"、({_UNREAD}(?:、{_UNREAD}){{0,9}})、")
_AHEAD = re.compile(rf"[为:]((?:{_UNREAD}、){{1,9}})$")
_BEHIND = re.compile(rf"((?:、{_UNREAD}){{1,9}}),")
_LONGEST_UNREAD = 80


def _unread(start: int, text: str) -> Iterator[Unread]:
    for part in text.strip("、").split("、"):
        yield Unread(start + text.index(part), part)


def group_from(clean: str, found: Sequence[Token], at: int) -> Group:
    """Return the names enumerated from a name on, codes between them left out."""
    group = Group([at], at, at)
    name = at
    for number in range(at + 1, min(at + _LONGEST_GROUP, len(found))):
        token = found[number]
        gap = clean[found[group.last].end : token.start]
        among = _AMONG.fullmatch(gap) if token.kind is Kind.NAME else None
        if token.kind in (Kind.CODE, Kind.OPEN, Kind.CLOSE) and not gap:
            group.last = number
        elif token.kind is Kind.NAME and _same(token, found[name]) and not gap:
            group.last = number  # its code, found apart from its name
        elif token.kind is Kind.NAME and (gap in SEPARATORS or among):
            if among:
                group.parts.extend(_unread(found[group.last].end, gap))
            group.parts.append(number)
            group.last = name = number
        elif token.kind in _ENDS_GROUP or len(gap) > _LONGEST_UNREAD:
            break
    return _with_ends(clean, found, group)


def _with_ends(clean: str, found: Sequence[Token], group: Group) -> Group:
    """Add what is enumerated before the first name and behind the last and is no name."""
    if found[group.first].kind is not Kind.NAME:
        return group
    start, end = found[group.first].start, found[group.last].end
    least = max(found[group.first - 1].start if group.first else 0, start - _LONGEST_UNREAD)
    ahead = _AHEAD.search(clean, least, start)
    behind = _BEHIND.match(clean, end, end + _LONGEST_UNREAD)
    if ahead:
        group.parts[:0] = _unread(ahead.start(1), ahead[1])
    if behind:
        group.parts.extend(_unread(behind.start(1), behind[1]))
    return group


def _same(one: Token, other: Token) -> bool:
    return bool({s.listing for s in one.spotted} & {s.listing for s in other.spotted})


def continues(clean: str, found: Sequence[Token], at: int) -> bool:
    """Tell whether a name goes on with an enumeration of names without figures of their own."""
    before = at - 1
    while before >= 0 and found[before].kind in _OF_A_PART:
        before -= 1
    if before < 0 or found[before].kind is not Kind.NAME:
        return False
    gap = clean[found[before].end : found[at].start]
    beside = clean[found[at - 1].end : found[at].start]
    return beside in SEPARATORS or bool(_AMONG.fullmatch(gap))
