"""Brokers that publish research, the media that republish it, and where a text names them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick, MatchKind

from screener.reports.text.text import Place, Text, clean_name
from screener.reports.text.vocabulary import is_word, read_table

__all__ = [
    "UNKNOWN_BROKER",
    "Broker",
    "BrokerMention",
    "Medium",
    "broker_named",
    "broker_of_licence",
    "brokers",
    "brokers_in",
    "media",
]

UNKNOWN_BROKER = "unknown"
"""Broker of a report that names none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """A broker that publishes research.

    Parameters
    ----------
    name
        As its reports sign it.
    names
        Every way in which it is written, its name included, as `Text.clean` shows it.
    listings
        Shares of the broker itself, if it is listed.
    codes
        First four digits of its analysts' registration numbers, as far as known.
    domains
        Of its analysts' mail addresses, as far as known.
    """

    name: str
    names: tuple[str, ...]
    listings: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Medium:
    """A medium that republishes research or gathers it into digests."""

    name: str
    names: tuple[str, ...]


class BrokerMention(NamedTuple):
    """A place at which a text names a broker.

    Parameters
    ----------
    name
        As its reports sign it, or as printed if no table has it.
    place
        Where it stands in `Text.clean`.
    brief
        Whether only its two-character short form is printed, which is often another word.
    """

    name: str
    place: Place
    brief: bool


_STAMPED = re.compile(r"(?:证券|国际|资本|期货|金融|银行|研究院|香港)(?=·20\d\d[-/年])")
_HAN = re.compile(r"[一-龥()]{4,}")
_LONGEST = 10
_INSTITUTE = re.compile(r"(?:经济|与|金融|发展){0,4}研究(?:所|院|部|中心)?$")
_LEGAL = re.compile(r"(?:股份)?有限(?:责任)?公司$|(?:证券)?研究(?:所|院|部|中心)$")
# A broker that no table has: it signs as an institute or as a company.
_SIGNING = re.compile(
    r"证券(?=(?:经济)?研究(?:所|院|部|中心)|(?:股份)?有限(?:责任)?公司|\(以下简称|[”\"]\))"
)
_UNKNOWN = re.compile(r"(?:^|[^一-龥]|[由经归者称为])(?P<name>[一-龥]{2,5})$")
_NO_NAME = re.compile(
    r"从事|相关|中国证|上市|所涉|买卖|持有|涉及|我国|国内|公司证|有关|各类|该等|任何|来源|发行|"
    r"本报告|投资证|其他"
)


def brokers() -> tuple[Broker, ...]:
    """Return the brokers of the table: those of the mainland first, then Hong Kong and abroad."""
    return _brokers()


def broker_named(text: str) -> Broker | None:
    """Return the broker that a name means, in any script, legal form or short form.

    Parameters
    ----------
    text
        The name alone, such as `中国银河证券股份有限公司`.

    Returns
    -------
    Broker or None
        `None` if no broker of the table is called so.
    """
    name = clean_name(text)
    ways = (name, _INSTITUTE.sub("", name), _LEGAL.sub("", name))
    return next((_by_name()[way] for way in ways if way in _by_name()), None)


def broker_of_licence(licence: str) -> tuple[Broker, ...]:
    """Return the brokers, the present name first, at which a registration number was issued."""
    code = licence[1:5] if licence.startswith("S") else ""
    return tuple(broker for broker in _brokers() if code in broker.codes)


def brokers_in(clean: str, text: Text | None = None) -> tuple[BrokerMention, ...]:
    """Return every place at which a text names a broker, in order.

    Parameters
    ----------
    clean
        `Text.clean`.
    text
        The text that it is of: its blanks part a Latin name from what it would touch without them.

    Returns
    -------
    tuple of BrokerMention
        Without overlaps; of names inside each other the longest.
    """
    known = [
        BrokerMention(_names()[index].name, Place(start, end), _brief(clean[start:end]))
        for index, start, end in _automaton().find_matches_as_indexes(clean)
        if _whole(clean, start, end, text)
    ]
    taken = {offset for mention in known for offset in range(*mention.place)}
    for match in _SIGNING.finditer(clean):
        before = _UNKNOWN.search(clean, max(0, match.start() - 6), match.start())
        if before and match.start() not in taken and not _NO_NAME.search(before["name"] + "证券"):
            start, end = before.start("name"), match.end()
            known.append(BrokerMention(clean[start:end], Place(start, end), brief=False))
    known += _stamped(clean, text, taken) if text else []
    return tuple(sorted(known, key=lambda mention: mention.place))


def _stamped(clean: str, text: Text, taken: set[int]) -> Iterator[BrokerMention]:
    """Yield the houses of no table that sign with a time: a blank begins their name."""
    for match in _STAMPED.finditer(clean):
        start = match.start()
        while start > 0 and match.end() - start < _LONGEST and not text.blank_before(start):
            start -= 1
        name = clean[start : match.end()]
        if match.start() not in taken and text.blank_before(start) and _HAN.fullmatch(name):
            yield BrokerMention(name, Place(start, match.end()), brief=False)


def _brief(name: str) -> bool:
    return len(name) <= 2 or (name.isascii() and len(name) <= 4)


def _whole(clean: str, start: int, end: int, text: Text | None) -> bool:
    # Latin letters around a Latin name make another word of it.
    if not clean[start:end].isascii():
        return True
    return not any(
        letter.isascii() and letter.isalnum() and not (text and text.blank_before(at))
        for letter, at in ((clean[start - 1 : start], start), (clean[end : end + 1], end))
    )


def _read(kind: str) -> Iterator[Broker]:
    for row in read_table("brokers")[kind]:
        stem = row["name"].removesuffix("证券")
        short = (f"{stem}研究",) if stem != row["name"] and not is_word(f"{stem}研究") else ()
        written = (row["name"], *row.get("names", ()), *short)
        yield Broker(
            name=row["name"],
            names=tuple(dict.fromkeys(clean_name(name) for name in written)),
            listings=tuple(row.get("listings", ())),
            codes=tuple(row.get("codes", ())),
            domains=tuple(row.get("domains", ())),
        )


@cache
def _brokers() -> tuple[Broker, ...]:
    return (*_read("brokers"), *_read("houses"))


@cache
def media() -> tuple[Medium, ...]:
    """Return the media of the table."""
    return tuple(Medium(name=medium.name, names=medium.names) for medium in _read("media"))


@cache
def _by_name() -> dict[str, Broker]:
    return {name: broker for broker in _brokers() for name in broker.names}


@cache
def _names() -> tuple[Broker, ...]:
    return tuple(broker for broker in _brokers() for _ in broker.names)


@cache
def _automaton() -> AhoCorasick:
    patterns = [name for broker in _brokers() for name in broker.names]
    return AhoCorasick(patterns, matchkind=MatchKind.LeftmostLongest)
