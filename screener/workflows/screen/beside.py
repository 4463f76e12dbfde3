"""The names of a report: at the moment when it could be known, and now, beside its own figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from screener.data.lake.store import Store
from screener.domain.report import Claim, ClaimUnit, Precision, Report
from screener.errors import DataError
from screener.language import say
from screener.paths.known import instant_of, known_at
from screener.screen.fields import FIELDS, Field, FieldUnit
from screener.workflows.screen.requests import screen_request
from screener.workflows.screen.run import ScreenRequest, ScreenResult, run_screen
from screener.workspace.locate import Workspace

__all__ = ["Beside", "beside_document", "beside_request", "beside_rows", "screen_beside"]

Row = dict[str, object]

_SHOWN = (
    *("price", "market_cap", "pe_ttm", "pe_forward", "pb", "ps_ttm", "ev_revenue", "ev_ebitda"),
    *("dividend_yield", "return_60", "pe_ttm_pct"),
)
_FIELDS = {
    "price": "price",
    "close": "price",
    "market cap": "market_cap",
    "float cap": "float_cap",
    "PE": "pe_ttm",
    "PB": "pb",
    "PS": "ps_ttm",
    "EV/revenue": "ev_revenue",
    "EV/EBITDA": "ev_ebitda",
    "dividend yield": "dividend_yield",
    "target price": "price",
}
"""Field beside which a measure of a report stands."""
_FORWARD = {"pe_ttm": "pe_forward", "ev_revenue": "ev_revenue_forward"}
"""The field of a measure that is stated for a year to come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """The names of a report at two moments.

    Parameters
    ----------
    report
        The report.
    then, now
        Its names as they could be known with it, and on the day asked for.
    known
        Moment from which the report counts as known.
    """

    report: Report
    then: ScreenResult
    now: ScreenResult
    known: date | datetime

    @property
    def remarks(self) -> tuple[str, ...]:
        """What the reader has to know, one line each."""
        guessed = (
            (say("the day of the report is estimated: {day}", day=self.then.as_of),)
            if self.report.published.precision is Precision.ESTIMATED
            else ()
        )
        ahead = tuple(
            say(
                "The report's {measure} is for {year} and stands beside {forward}; {trailing} is "
                "of the last four quarters.",
                measure=measure,
                year=year,
                forward=FIELDS[_FORWARD[_FIELDS[measure]]].called,
                trailing=FIELDS[_FIELDS[measure]].called,
            )
            for measure, year in dict.fromkeys(
                (claim.measure.partition(",")[0], claim.as_of)
                for claim in self.report.claims
                if _field_of(claim) in _FORWARD.values()
            )
        )
        return tuple(dict.fromkeys((*guessed, *ahead, *self.then.remarks, *self.now.remarks)))


def beside_request(
    place: Workspace, report: Report, *, as_of: date, asked: Mapping[str, Any]
) -> ScreenRequest:
    """Make the request of the names of a report, with the usual fields and those of its figures.

    Parameters
    ----------
    place, report
        The workspace, and the report's card.
    as_of
        The day asked for.
    asked
        What `screen_request` takes besides, and ranges by field.

    Raises
    ------
    DataError
        If the report names no security.
    """
    listings = list(dict.fromkeys(item.listing for item in report.securities))
    if not listings:
        command = f"`screener report show {report.id}`"
        raise DataError(
            say("report {report} names no security", report=report.id),
            fix=say("see {command}", command=command),
        )
    given = dict(asked)
    fields = [*given.pop("fields", ()), *_asked_fields(report)]
    rest = {"where": None, "sort": None, "top": None, "allow_missing": (), "currency": "CNY"}
    own = {name: given.pop(name) for name in (*rest, *_OTHERS) if name in given}
    request, _ = screen_request(
        place,
        as_of=as_of,
        universe=None,
        basket=None,
        listings=listings,
        ranges=given,
        fields=fields,
        **{**rest, **own},
    )
    return replace(request, unvalued=True)


_OTHERS = ("rank", "checks", "exclude", "industry")


def screen_beside(store: Store, report: Report, request: ScreenRequest) -> Beside:
    """Screen the names of a report at the moment when it could be known, and now.

    Raises
    ------
    DataError
        If its day is not known, comes after the day asked for, or the tables do not reach it.
    """
    if report.published.value is None:
        command = f"`screener report edit {report.id} --published D`"
        raise DataError(
            say("nobody knows when report {report} came out", report=report.id),
            fix=say("say so on its card: {command}", command=command),
        )
    known = known_at(report.published)
    at = instant_of(known)
    day = known.date() if isinstance(known, datetime) else known
    if day > request.as_of:
        raise DataError(
            say(
                "report {report} was known on {day}, after {as_of}",
                report=report.id,
                day=day,
                as_of=request.as_of,
            ),
            fix=say("write --as-of {day} or later", day=day),
        )
    return Beside(
        report=report,
        then=run_screen(store, replace(request, as_of=day), at=at),
        now=run_screen(store, request),
        known=known,
    )


def beside_rows(found: Beside) -> list[Row]:
    """Return one row per name and field, then the report's figures that no field has."""
    return [row for item in _names(found) for row in _rows(found, *item)]


def beside_document(found: Beside) -> Row:
    """Return all of it, with what it rests on, as JSON holds it."""
    return {
        "report": found.report.id,
        "known": str(found.known),
        "as_of": found.now.as_of,
        "currency": found.now.currency,
        "questions": list(found.now.questions),
        "data_version": found.now.data_version,
        "simulated": found.now.simulated,
        "remarks": list(found.remarks),
        "rows": beside_rows(found),
    }


def _names(found: Beside) -> Iterator[tuple[str, str]]:
    met: dict[str, str] = {}
    for item in found.report.securities:
        met.setdefault(item.listing.id, item.name or item.printed)
    yield from met.items()


def _rows(found: Beside, listing: str, name: str) -> Iterator[Row]:
    values = [
        next((row.values for row in one.rows if row.listing == listing), {})
        for one in (found.then, found.now)
    ]
    told = [claim for claim in found.report.claims if _is_of(claim, listing)]
    for field in found.now.fields:
        then, now = (_number(each.get(field.name)) for each in values)
        row: Row = {
            "listing": listing,
            "name": name,
            "field": field.name,
            "then": then,
            "now": now,
            "relative_change": _change(field, then, now),
        }
        own = [claim for claim in told if _field_of(claim) == field.name]
        for at, claim in enumerate(own or [None]):
            first = row if at == 0 else {key: row[key] for key in ("listing", "name", "field")}
            yield {**first, **_claimed(claim)}
        told = [claim for claim in told if claim not in own]
    for claim in told:
        yield {"listing": listing, "name": name, "field": "", **_claimed(claim)}
    for one in found.report.estimates:
        if one.listing.id == listing and one.eps is not None:
            yield {
                "listing": listing,
                "name": name,
                "field": "",
                "measure": "EPS",
                "claimed": one.eps,
                "claimed_unit": str(one.currency),
                "claimed_as_of": f"{one.fiscal_year}E",
            }


def _is_of(claim: Claim, listing: str) -> bool:
    return claim.listing is not None and claim.listing.id == listing


def _claimed(claim: Claim | None) -> Row:
    if claim is None:
        return {"measure": "", "claimed": None, "claimed_unit": "", "claimed_as_of": ""}
    return {
        "measure": claim.measure,
        "claimed": claim.value,
        "claimed_unit": str(claim.unit),
        "claimed_as_of": claim.as_of,
    }


def _field_of(claim: Claim) -> str:
    """Return the field that a figure stands beside; empty for none."""
    name = _FIELDS.get(claim.measure.partition(",")[0], "")
    if name not in FIELDS:
        return ""
    money = claim.unit in (ClaimUnit.CNY, ClaimUnit.HKD)
    if money is not (FIELDS[name].unit in (FieldUnit.MONEY, FieldUnit.PRICE)):
        return ""
    ahead = _FORWARD.get(name, "")
    return ahead if claim.as_of.endswith("E") and ahead in FIELDS else name


def _asked_fields(report: Report) -> Sequence[str]:
    listed = {claim.listing for claim in report.claims} - {None}
    own = [_field_of(claim) for claim in report.claims if claim.listing in listed]
    names = [name for name in dict.fromkeys((*_SHOWN, *own)) if name in FIELDS]
    place = {name: at for at, name in enumerate(names)}
    for trailing, ahead in _FORWARD.items():
        if ahead in place:
            place[ahead] = place.get(trailing, place[ahead])
    return sorted(names, key=place.__getitem__)


def _number(value: object) -> float | None:
    return value if isinstance(value, float) else None


def _change(field: Field, then: float | None, now: float | None) -> float | None:
    if then is None or now is None:
        return None
    if field.unit is FieldUnit.FRACTION:
        return now - then
    return now / then - 1 if then > 0 else None
