"""The layout of a report card: facts in a fixed order, one line each, as a person would write it.

Notes are blocks, everything that comes in rows is one inline table a line. A key whose value says
nothing (an empty remark, a note's date that is the report's) is left out.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal

from pydantic import ValidationError

from screener.domain.report import (
    Analyst,
    Claim,
    ClaimUnit,
    Estimate,
    IndexMove,
    Note,
    Precision,
    Publication,
    RatingDefinition,
    Report,
    Role,
    SecurityMention,
)
from screener.errors import BasketDefinitionError, ScreenerError
from screener.language import say
from screener.language.lists import about, place_in
from screener.language.outside import fault_of, value_fault
from screener.workspace.cards.reading import report_of
from screener.workspace.models import CardModel

__all__ = ["card_text", "parsed_card", "publication_pairs"]

_HEADER = (
    "# Facts of one report, never its sentences. "
    "Dates: a date alone is known after that day's close."
)
_ANY_TIME = (
    "# The time is not printed: it may have come out before the open or at any time of the day."
)
_DIGEST = (
    "# A digest: whoever reads it can trade from the digest's own time on, "
    "whatever the notes' dates."
)
_NO_NAMES = "# It recommends no names, so it feeds no basket."
_MONTHS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_LONGEST_LINE = 100
_LARGE = 1e8  # amounts from here on are written in billions
_AMOUNTS = frozenset({ClaimUnit.CNY, ClaimUnit.HKD})


def card_text(report: Report) -> str:
    """Return a report as the text of its card; reading the text gives the same report.

    Raises
    ------
    BasketDefinitionError
        If the report breaks a rule of the cards, or holds what a card cannot.
    """
    text = "\n".join(_blocks(report))
    where = say("card of report {report}", report=report.id)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise BasketDefinitionError(
            say("a text holds {text}, which is half a character", text=repr(text[error.start])),
            where=where,
            fix=say("read the document with its right encoding"),
        ) from error
    if parsed_card(text, where=where) != report:
        raise BasketDefinitionError(
            say("the report holds what its card cannot"),
            where=where,
            fix=say("give every security a name, and every time a zone of whole minutes"),
        )
    return text


def parsed_card(text: str, *, where: str) -> Report:
    """Read a card from its text.

    Raises
    ------
    BasketDefinitionError
        If it is not TOML or breaks a rule of the cards; `where` names it.
    """
    try:
        return report_of(CardModel.model_validate(tomllib.loads(text.removeprefix("\ufeff"))))
    except tomllib.TOMLDecodeError as error:
        raise BasketDefinitionError(
            say("not valid TOML: {error}", error=fault_of(error)),
            where=where,
            fix=say("correct that line"),
        ) from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        cause = first.get("ctx", {}).get("error")
        told = cause if isinstance(cause, ScreenerError) else None
        key = ".".join(str(part + 1 if isinstance(part, int) else part) for part in first["loc"])
        raise BasketDefinitionError(
            told.what if told else about(key, value_fault(first)),
            where=place_in(where, key),
            fix=(told.fix if told else "") or say("correct the value"),
        ) from error


def _blocks(report: Report) -> Iterator[str]:
    yield _lines(_HEADER, *_pairs(_head(report)))
    published = report.published
    hint = (_ANY_TIME,) if _any_time(published) else ()
    yield _lines(*hint, *_pairs(publication_pairs(published), prefix="published."))
    recommended = any(item.role is Role.RECOMMENDED for item in report.securities)
    rows = _array("securities", map(_security, report.securities))
    yield _lines(*(() if recommended else (_NO_NAMES,)), rows or "securities = []")
    for name, items in (
        ("claims", map(_claim, report.claims)),
        ("indices", map(_index, report.indices)),
        ("climate", ({"sector": _text(a), "outlook": _text(b)} for a, b in report.climate)),
        ("estimates", map(_estimate, report.estimates)),
    ):
        if array := _array(name, items):
            yield _lines(array)
    for number, note in enumerate(report.notes):
        hint = (_DIGEST,) if number == 0 and len(report.notes) > 1 else ()
        yield _lines(*hint, "[[notes]]", *_pairs(_note(note, report.published)))
    for definition in report.rating_definitions:
        yield _lines(_horizon(definition), "[[rating_definitions]]", *_definition(definition))


def _head(report: Report) -> dict[str, str]:
    return {
        "id": _text(report.id),
        "title": _text(report.title),
        "publisher": _text(report.publisher),
        "language": _text(report.language),
        **_given(text_sha256=report.text_hash),
    }


def _any_time(published: Publication) -> bool:
    """Tell whether the day is known but for the time: it may have been before the open."""
    first, last = published.range_start, published.range_end
    return (
        published.precision is Precision.ESTIMATED
        and isinstance(first, datetime)
        and not isinstance(published.value, datetime)
        and first.date() == published.value == last
    )


def publication_pairs(published: Publication) -> dict[str, str]:
    """Return a publication as the keys and values of its card."""
    moments = {
        "range_start": published.range_start,
        "range_end": published.range_end,
    }
    return {
        **({"value": published.value.isoformat()} if published.value is not None else {}),
        "precision": _text(published.precision),
        **{key: value.isoformat() for key, value in moments.items() if value is not None},
        **_given(evidence=published.evidence),
        **({"received_at": published.received_at.isoformat()} if published.received_at else {}),
    }


def _security(item: SecurityMention) -> dict[str, str]:
    return {
        "listing": _text(item.listing.id),
        "printed": _text(item.printed),
        "name": _text(item.name),
        **_given(name_en=item.name_en),
        "role": _text(item.role),
        "theme": _text(item.theme),
        **_given(note=item.note, rating=item.rating),
    }


def _claim(claim: Claim) -> dict[str, str]:
    amount = claim.unit in _AMOUNTS and abs(claim.value) >= _LARGE
    digits = 2 if claim.unit is ClaimUnit.FRACTION else 1
    return {
        "subject": _text(claim.subject),
        **_given(listing=claim.listing.id if claim.listing else ""),
        "measure": _text(claim.measure),
        "value": _billions(claim.value) if amount else _number(claim.value, digits),
        "unit": _text(claim.unit),
        **_given(as_of=claim.as_of, remark=claim.remark),
    }


def _index(move: IndexMove) -> dict[str, str]:
    month = move.month_to_date
    return {
        **_given(code=move.code),
        "name": _text(move.name),
        "week": _number(move.week, 4),
        **({} if month is None else {"month_to_date": _number(month, 4)}),
    }


def _estimate(item: Estimate) -> dict[str, str]:
    amounts = {"profit": item.profit, "revenue": item.revenue}
    return {
        "listing": _text(item.listing.id),
        "fiscal_year": str(item.fiscal_year),
        **({} if item.eps is None else {"eps": _number(item.eps, 2)}),
        **{
            name: _billions(value) if abs(value) >= _LARGE else _number(value, 1)
            for name, value in amounts.items()
            if value is not None
        },
        "currency": _text(item.currency),
    }


def _note(note: Note, published: Publication) -> dict[str, str]:
    own = note.published != published
    level = note.rating_level
    return {
        "id": _text(note.id),
        **_given(title=note.title),
        "broker": _text(note.broker),
        **({"analysts": _list(map(_analyst, note.analysts))} if note.analysts else {}),
        **({"published": _inline(publication_pairs(note.published))} if own else {}),
        **_given(industry=note.industry, rating=note.rating, rating_change=note.rating_change),
        **({} if level is None else {"rating_level": _text(level)}),
        "themes": _list(map(_text, note.themes)),
        **_given(repeats=note.repeats, reiterates=note.reiterates),
    }


def _analyst(analyst: Analyst) -> str:
    return _inline({"name": _text(analyst.name), **_given(licence=analyst.licence)})


def _horizon(definition: RatingDefinition) -> str:
    low, high = definition.months_low, definition.months_high
    words = [
        _MONTHS[count] if count < len(_MONTHS) else str(count)
        for count in dict.fromkeys((low, high))
    ]
    against = "benchmark" if definition.benchmarks else "market"
    plural = "month" if high == 1 else "months"
    return (
        f"# Active return over the {against} within {' to '.join(words)} {plural} "
        "after the report's date."
    )


def _definition(definition: RatingDefinition) -> Iterator[str]:
    yield from _pairs(
        {
            "broker": _text(definition.broker),
            "months_low": str(definition.months_low),
            "months_high": str(definition.months_high),
        }
    )
    pairs = definition.benchmarks
    if benchmarks := _array(
        "benchmarks", ({"market": _text(a), "benchmark": _text(b)} for a, b in pairs)
    ):
        yield benchmarks
    yield _array(
        "bands",
        (
            {
                "level": _text(band.level),
                "rating": _text(band.rating),
                **({} if band.low is None else {"low": _number(band.low, 2)}),
                **({} if band.high is None else {"high": _number(band.high, 2)}),
            }
            for band in definition.bands
        ),
    )


def _lines(*lines: str) -> str:
    return "\n".join(lines) + "\n"


def _pairs(values: Mapping[str, str], *, prefix: str = "") -> Iterator[str]:
    for key, value in values.items():
        yield f"{prefix}{key} = {value}"


def _given(**texts: str) -> dict[str, str]:
    return {key: _text(text) for key, text in texts.items() if text}


def _inline(values: Mapping[str, str]) -> str:
    return f"{{ {', '.join(_pairs(values))} }}"


def _array(name: str, rows: Iterable[Mapping[str, str]]) -> str:
    """Write rows as one inline table a line; nothing if there are none."""
    lines = [f"  {_inline(row)},\n" for row in rows]
    return f"{name} = [\n{''.join(lines)}]" if lines else ""


def _list(values: Iterable[str]) -> str:
    """Write short values on one line, others on a line each."""
    items = list(values)
    line = f"[{', '.join(items)}]"
    if len(line) + len("analysts = ") <= _LONGEST_LINE:
        return line
    return "[\n" + "".join(f"  {item},\n" for item in items) + "]"


def _text(text: str) -> str:
    # JSON escapes what a TOML string escapes, in the same way, but for one control character.
    return json.dumps(str(text), ensure_ascii=False).replace("\x7f", "\\u007f")


def _number(value: float, digits: int) -> str:
    """Write a number with at least `digits` digits after the point, and all that it has."""
    text = repr(float(value))
    if "e" in text or "." not in text:
        return text
    return text + "0" * (digits - len(text.partition(".")[2]))


def _billions(value: float) -> str:
    scaled = f"{Decimal(repr(float(value))).scaleb(-9).normalize():f}"
    return f"{scaled if '.' in scaled else scaled + '.0'}e9"
