"""What the user asks to import, checked before any file is opened."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path

from screener.data.lake.schema import Basis
from screener.domain.listing import Listing
from screener.errors import InputError
from screener.language import say
from screener.language.lists import listed
from screener.language.terms import named

__all__ = [
    "SUFFIXES",
    "FileQuery",
    "ImportKind",
    "ImportRequest",
    "checked_query",
    "parse_column_map",
    "parse_units",
]

SUFFIXES = (".csv", ".txt", ".tsv", ".xlsx", ".xlsm", ".xls", ".parquet", ".day")


class ImportKind(StrEnum):
    """What a file holds."""

    BARS = "bars"
    INDEX = "index"
    VALUATION = "valuation"
    LISTINGS = "listings"
    NAMES = "names"
    FX = "fx"
    ACTIONS = "actions"
    FACTORS = "factors"
    RATINGS = "ratings"
    FUNDAMENTALS = "fundamentals"
    CALENDAR = "calendar"
    STATUS = "status"
    INDUSTRIES = "industries"
    ELIGIBILITY = "eligibility"
    ESTIMATES = "estimates"


_WITHOUT_LISTING = (ImportKind.FX, ImportKind.CALENDAR)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRequest:
    """Files to import, and what the user says about them.

    Parameters
    ----------
    paths
        Files, all of one kind: text, workbooks or Parquet.
    kind
        What they hold.
    fetched_at
        When the import is made, an aware UTC instant.
    today
        The day of the import; a session after it is rejected.
    basis
        Raw or adjusted prices; required for bars.
    listing
        The one listing of files that have no listing column.
    column_map
        Pairs of file column and our field, which override what is recognised.
    units
        Pairs of our field and the unit of its column, which override what is recognised.
    as_of
        Day of masters, names and valuations, for files that do not say it.
    dedupe
        Actions: whether rows of one listing and ex-date with the same terms are one action.
    continues
        Whether adjusted bars continue what is stored of their listings, at the same level.
    """

    paths: tuple[Path, ...]
    kind: ImportKind
    fetched_at: datetime
    today: date
    basis: Basis | None = None
    listing: Listing | None = None
    column_map: tuple[tuple[str, str], ...] = ()
    units: tuple[tuple[str, str], ...] = ()
    as_of: date | None = None
    dedupe: bool = False
    continues: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FileQuery:
    """A checked request, with the name that each file's rows carry as their source."""

    request: ImportRequest
    labels: tuple[str, ...]


def parse_column_map(text: str) -> tuple[tuple[str, str], ...]:
    """Parse `--map "column=field,column=field"`.

    Raises
    ------
    InputError
        If a part is not `column=field`, or a field or column comes twice.
    """
    pairs = []
    for part in text.split(","):
        column, sign, field = (piece.strip() for piece in part.rpartition("="))
        if not (sign and column and field):
            raise InputError(
                say("--map {part!r} is not COLUMN=FIELD", part=part.strip()),
                fix=say('write it like --map "收盘=close,成交量=volume"'),
            )
        pairs.append((column, field))
    columns = _repeated([column for column, _ in pairs])
    if columns:
        raise InputError(say("--map names column {names} more than once", names=listed(columns)))
    fields = _repeated([field for _, field in pairs])
    if fields:
        raise InputError(say("--map names field {names} more than once", names=listed(fields)))
    return tuple(pairs)


def _repeated(names: list[str]) -> list[str]:
    return sorted({name for name in names if names.count(name) > 1})


def parse_units(text: str) -> tuple[tuple[str, str], ...]:
    """Parse `--unit "field=unit,field=unit"`.

    Raises
    ------
    InputError
        If a part is not `field=unit`, or a field comes twice.
    """
    pairs = []
    for part in text.split(","):
        field, sign, unit = (piece.strip() for piece in part.partition("="))
        if not (sign and field and unit):
            raise InputError(
                say("--unit {part!r} is not FIELD=UNIT", part=part.strip()),
                fix=say('write it like --unit "market_cap=亿元,dividend_yield=percent"'),
            )
        pairs.append((field, unit))
    if len(dict(pairs)) < len(pairs):
        raise InputError(say("--unit names a field more than once"))
    return tuple(pairs)


def _check_listing(request: ImportRequest) -> None:
    if request.listing is not None and len(request.paths) > 1:
        raise InputError(
            say(
                "--listing {listing} is given for {n} files",
                listing=request.listing,
                n=len(request.paths),
            ),
            fix=say("import each file by itself, or name the files by their listing: 00700.HK.csv"),
        )


def checked_query(request: ImportRequest) -> FileQuery:
    """Check a request and return it as a query.

    Raises
    ------
    InputError
        If a file is missing or of a type that is not read, the basis is missing or out of place,
        or an instant or a day cannot be.
    """
    if not request.paths:
        raise InputError(
            say("no file to import"), fix=say("name at least one CSV, Excel or Parquet file")
        )
    for path in request.paths:
        _check_path(path)
    repeated = sorted(str(path) for path, times in Counter(request.paths).items() if times > 1)
    if repeated:
        raise InputError(say("{names} is named more than once", names=listed(repeated)))
    _check_listing(request)
    _check_options(request)
    _check_times(request)
    return FileQuery(request=request, labels=_labels(request.paths))


def _check_path(path: Path) -> None:
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(
            say(
                "{suffix} is not a type of file that is read",
                suffix=path.suffix or say("a file without suffix"),
            ),
            where=str(path),
            fix=say(
                "give one of {suffixes}; what is in it decides how it is read",
                suffixes=listed(SUFFIXES),
            ),
        )
    try:
        if path.is_dir():
            raise InputError(
                say("is a folder, not a file"), where=str(path), fix=say("check the path")
            )
        path.stat()
    except OSError as error:
        missing = isinstance(error, FileNotFoundError)
        what = say("cannot be read: {reason}", reason=error.strerror)
        if missing:
            what = say("there is no such file")
        raise InputError(what, where=str(path), fix=say("check the path")) from error


def _check_options(request: ImportRequest) -> None:
    if request.kind is ImportKind.BARS and request.basis is None:
        raise InputError(
            say("bars need to say whether their prices are adjusted"),
            where=str(request.paths[0]),
            fix=say(
                "add `--basis raw` for prices as traded (不复权), or `--basis adjusted` for "
                "prices already adjusted for dividends and splits (前复权, 后复权)"
            ),
        )
    records = next((path for path in request.paths if path.suffix.lower() == ".day"), None)
    if records is not None and request.basis is Basis.ADJUSTED:
        raise InputError(
            say("prices of daily records are as traded"),
            where=str(records),
            fix=say("say `--basis raw`"),
        )
    unused = request.kind not in (ImportKind.BARS, ImportKind.INDEX)
    if request.basis is not None and unused:
        raise InputError(
            say("--basis is for bars, not for {kind}", kind=named(request.kind)),
            fix=say("drop --basis"),
        )
    if request.kind is ImportKind.INDEX and request.basis is Basis.ADJUSTED:
        raise InputError(say("an index has no adjusted prices"), fix=say("drop --basis"))
    if request.dedupe and request.kind is not ImportKind.ACTIONS:
        raise InputError(
            say("--dedupe is for actions, not for {kind}", kind=named(request.kind)),
            fix=say("drop --dedupe: rows that repeat another exactly are taken once anyway"),
        )
    if request.kind in _WITHOUT_LISTING and request.listing is not None:
        rates = request.kind is ImportKind.FX
        what = say("exchange rates") if rates else say("a calendar")
        raise InputError(say("--listing is not for {what}", what=what), fix=say("drop --listing"))
    if request.continues and request.basis is not Basis.ADJUSTED:
        raise InputError(
            say("--continues is for adjusted bars: raw prices always merge session by session"),
            fix=say("drop --continues"),
        )


def _check_times(request: ImportRequest) -> None:
    if request.fetched_at.tzinfo is None:
        raise InputError(
            say("fetched_at {instant} has no time zone", instant=request.fetched_at),
            fix=say("give it in UTC"),
        )
    if request.as_of is not None and request.as_of > request.today:
        raise InputError(
            say("--as-of {as_of} is after today, {today}", as_of=request.as_of, today=request.today)
        )


def _labels(paths: tuple[Path, ...]) -> tuple[str, ...]:
    """Return the shortest path endings that tell the files apart."""
    depth = 1
    longest = max(len(path.parts) for path in paths)
    while True:
        labels = tuple("/".join(path.parts[-depth:]) for path in paths)
        if len(set(labels)) == len(labels) or depth >= longest:
            return labels
        depth += 1
