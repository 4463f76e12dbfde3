"""Who signs a report: names and registration numbers, however the block of authors is laid out.

Names stand before their numbers, singly or all names first. White space tells nothing, so a run
of names is cut by the family names in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache

from screener.domain.report import Analyst
from screener.reports.text.text import Place, Text
from screener.reports.text.vocabulary import alternatives, read_table

__all__ = ["LICENCE", "analysts_in", "names_of_run", "signing_names"]

_MAINLAND = r"S\d{13}|S\d{10,12}(?!\d)"
LICENCE = re.compile(_MAINLAND)
"""Registration number with the Securities Association of China."""

_HONG_KONG = r"(?:CE|中央编号|SFC)(?:No|NO|Ref|编号|牌照){0,4}[.:#]{0,4}(?P<ce>[A-Z]{3}\d{3})(?!\d)"
# Without white space an address may touch the number before it: the number is not part of it.
_EMAIL = (
    r"(?![\w.+-]{0,64}S\d{10})[\w.+-]{1,64}@[A-Za-z0-9.-]{1,64}?"
    r"\.(?:com\.cn|com\.hk|com|cn|hk|net|sg|tw)"
)
_PHONE = r"[+(]{0,3}\d[\d()-]{6,}"
_RUN = re.compile(r"[一-龥·]+")
_LOOK_BACK = 90
_LONGEST_RUN = 60  # characters after a label in which names can stand without a mark
_BLOCK = 160  # numbers closer than this belong to one block of authors
_LATIN = re.compile(r"\([A-Za-z.,'’·-]+\)")
_BETWEEN = re.compile(r"[:*#|_()\[\]>/&,、;.-]*")


@dataclass(frozen=True, slots=True)
class _Name:
    place: Place
    sure: bool


@dataclass(slots=True)
class _Reading:
    # Names that wait for their numbers, and pairs found.
    waiting: list[_Name] = field(default_factory=list)
    licences: list[str] = field(default_factory=list)
    pairs: list[tuple[_Name, str]] = field(default_factory=list)
    signing: bool = True
    listed: bool = False  # among authors: a run need not begin with a known family name
    headed: bool = False  # right after a label: what stands here is a name


def analysts_in(text: Text) -> tuple[Analyst, ...]:
    """Return the analysts who sign a report, in the order printed.

    Contacts and assistants are left out. Registered analysts are those whose numbers are printed;
    where no number is, names that directly follow a label such as 分析员 are taken.

    Parameters
    ----------
    text
        The report.

    Returns
    -------
    tuple of Analyst
        Names as printed; licence empty if none is printed.
    """
    found: dict[str, Analyst] = {}
    for name, licence in _licensed(text.clean):
        printed = text.printed(name.place)
        found.setdefault(text.clean[slice(*name.place)], Analyst(name=printed, licence=licence))
    if not found:
        for place in signing_names(text.clean):
            found.setdefault(text.clean[slice(*place)], Analyst(name=text.printed(place)))
    return tuple(found.values())


def signing_names(clean: str) -> list[Place]:
    """Return where names directly follow a label of those who sign, numbers or not."""
    for label in _label().finditer(clean):
        if label["signing"]:
            named = list(_listed_names(clean, label.end()))
            if named:
                return named
    return []


@lru_cache(maxsize=4096)
def names_of_run(run: str) -> tuple[int, ...]:
    """Return the lengths of the names that a run of Han characters consists of.

    Parameters
    ----------
    run
        Without anything but Han characters, such as two names printed without a space.

    Returns
    -------
    tuple of int
        Empty if it cannot be cut into names that begin with known family names.
    """
    if not run:
        return ()
    for length in _lengths(run):
        if length == len(run):
            return (length,)
        if length < len(run):
            rest = names_of_run(run[length:])
            if rest:
                return (length, *rest)
    return ()


def _lengths(run: str) -> tuple[int, ...]:
    surnames, double = _surnames()
    if run[:2] in double:
        return (4, 3)
    return (3, 2) if run[0] in surnames else ()


def _licensed(clean: str) -> Iterator[tuple[_Name, str]]:
    for start, end in _blocks(clean):
        reading = _Reading()
        last = start
        for token in _token().finditer(clean, start, end):
            _read_gap(clean, Place(last, token.start()), reading)
            _read_token(token, reading)
            last = token.end()
        _settle(reading)
        yield from reading.pairs


def _blocks(clean: str) -> list[tuple[int, int]]:
    blocks: list[tuple[int, int]] = []
    for match in _any_licence().finditer(clean):
        if blocks and match.start() - blocks[-1][1] < _BLOCK:
            blocks[-1] = (blocks[-1][0], match.end())
        else:
            floor = blocks[-1][1] if blocks else 0
            blocks.append((max(floor, match.start() - _LOOK_BACK), match.end()))
    return blocks


def _read_token(token: re.Match[str], reading: _Reading) -> None:
    second = token["ce"] and reading.licences and LICENCE.fullmatch(reading.licences[-1])
    if second:
        return  # the same person's number with the other regulator
    if token["mainland"] or token["ce"]:
        reading.licences.append(token["mainland"] or token["ce"])
        reading.listed, reading.headed = True, False
    elif token["signing"] or token["assisting"]:
        _settle(reading)
        reading.signing = bool(token["signing"])
        reading.listed = reading.headed = True


def _read_gap(clean: str, gap: Place, reading: _Reading) -> None:
    if "。" in clean[gap.start : gap.end]:
        _settle(reading)
        reading.waiting = []
        reading.listed = reading.headed = False
    for run in _RUN.finditer(clean, *gap):
        names = _names_in(run, reading, run.end() == gap.end)
        if not names:
            reading.listed = reading.headed = False
        elif reading.licences:
            _settle(reading)
        reading.waiting.extend(names)


def _names_in(run: re.Match[str], reading: _Reading, ends_gap: bool) -> list[_Name]:
    text, start = run[0], run.start()
    if text in _never():
        return []
    lengths = names_of_run(text)
    if lengths:
        return _cut(start, lengths)
    if reading.listed and 2 <= len(text) <= 4:
        return [_Name(Place(start, run.end()), sure=reading.headed)]
    if not ends_gap:
        return []
    # A name right before its number, glued to what stands before it.
    for length in (3, 2):
        if len(text) > length and names_of_run(text[-length:]) == (length,):
            return [_Name(Place(run.end() - length, run.end()), sure=True)]
    return []


def _cut(start: int, lengths: Sequence[int]) -> list[_Name]:
    names = []
    for length in lengths:
        names.append(_Name(Place(start, start + length), sure=True))
        start += length
    return names


def _settle(reading: _Reading) -> None:
    # Pair what waits: as many names as numbers, the surest of them, in order.
    licences, names = reading.licences, reading.waiting
    if licences and reading.signing:
        sure = [name for name in names if name.sure]
        pool = sure if len(sure) >= len(licences) else names
        reading.pairs.extend(zip(pool[-len(licences) :], licences, strict=False))
    if licences or not reading.signing:
        reading.waiting = []
    reading.licences = []


def _listed_names(clean: str, offset: int) -> Iterator[Place]:
    colon = clean[offset : offset + 1] == ":"
    while True:
        offset = _BETWEEN.match(clean, offset).end()  # type: ignore[union-attr]
        run = _RUN.match(clean, offset, offset + _LONGEST_RUN)
        if run is None:
            return
        stop = _stop().search(clean, offset, run.end())
        end = stop.start() if stop else run.end()
        name = clean[offset:end]
        latin = _LATIN.match(clean, end)
        follows = latin is not None or (stop is not None and end > offset)
        places = _plain_names(name, offset, follows, colon)
        if not places:
            return
        yield from places
        if stop:
            return
        offset = latin.end() if latin else end


def _plain_names(name: str, start: int, follows: bool, colon: bool) -> list[Place]:
    if name in _never() or not (follows or colon):
        return []
    lengths = names_of_run(name)
    if lengths:
        return [item.place for item in _cut(start, lengths)]
    return [Place(start, start + len(name))] if 2 <= len(name) <= 4 else []


@cache
def _label() -> re.Pattern[str]:
    table = read_table("analysts")
    return re.compile(
        rf"(?P<assisting>{alternatives(table['assisting'])})"
        rf"|(?P<signing>{alternatives(table['signing'])})"
        rf"(?!{alternatives(table['heading_else'])})"
    )


@cache
def _token() -> re.Pattern[str]:
    around = alternatives([*read_table("analysts")["around"], *read_table("ratings")["industries"]])
    return re.compile(
        rf"(?P<mainland>{_MAINLAND})|{_HONG_KONG}|{_EMAIL}|{_PHONE}|{_label().pattern}|(?:{around})",
        re.ASCII,
    )


@cache
def _any_licence() -> re.Pattern[str]:
    return re.compile(rf"{_MAINLAND}|{_HONG_KONG}")


@cache
def _stop() -> re.Pattern[str]:
    table = read_table("analysts")
    return re.compile(alternatives([*table["around"], *table["assisting"], *table["signing"]]))


@cache
def _surnames() -> tuple[frozenset[str], frozenset[str]]:
    table = read_table("analysts")
    return frozenset(table["surnames"]), frozenset(table["double"])


@cache
def _never() -> frozenset[str]:
    return frozenset(read_table("analysts")["never"])
