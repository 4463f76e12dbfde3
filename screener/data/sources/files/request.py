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


_WITHOUT_LISTING = {ImportKind.FX: "exchange rates", ImportKind.CALENDAR: "a calendar"}


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
                f"--map {part.strip()!r} is not COLUMN=FIELD",
                fix='write it like --map "收盘=close,成交量=volume"',
            )
        pairs.append((column, field))
    for position, what in ((0, "column"), (1, "field")):
        names = [pair[position] for pair in pairs]
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            raise InputError(f"--map names {what} {', '.join(repeated)} more than once")
    return tuple(pairs)


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
                f"--unit {part.strip()!r} is not FIELD=UNIT",
                fix='write it like --unit "market_cap=亿元,dividend_yield=percent"',
            )
        pairs.append((field, unit))
    if len(dict(pairs)) < len(pairs):
        raise InputError("--unit names a field more than once")
    return tuple(pairs)


def _check_listing(request: ImportRequest) -> None:
    if request.listing is not None and len(request.paths) > 1:
        raise InputError(
            f"--listing {request.listing} is given for {len(request.paths)} files",
            fix="import each file by itself, or name the files by their listing: 00700.HK.csv",
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
        raise InputError("no file to import", fix="name at least one CSV, Excel or Parquet file")
    for path in request.paths:
        _check_path(path)
    repeated = sorted(str(path) for path, times in Counter(request.paths).items() if times > 1)
    if repeated:
        raise InputError(f"{', '.join(repeated)} is named more than once")
    _check_listing(request)
    _check_options(request)
    _check_times(request)
    return FileQuery(request=request, labels=_labels(request.paths))


def _check_path(path: Path) -> None:
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(
            f"{path.suffix or 'a file without suffix'} is not a type of file that is read",
            where=str(path),
            fix=f"give one of {', '.join(SUFFIXES)}; what is in it decides how it is read",
        )
    try:
        if path.is_dir():
            raise InputError("is a folder, not a file", where=str(path), fix="check the path")
        path.stat()
    except OSError as error:
        missing = isinstance(error, FileNotFoundError)
        what = "there is no such file" if missing else f"cannot be read: {error.strerror}"
        raise InputError(what, where=str(path), fix="check the path") from error


def _check_options(request: ImportRequest) -> None:
    if request.kind is ImportKind.BARS and request.basis is None:
        raise InputError(
            "bars need to say whether their prices are adjusted",
            where=str(request.paths[0]),
            fix="add `--basis raw` for prices as traded (不复权), or `--basis adjusted` for prices "
            "already adjusted for dividends and splits (前复权, 后复权)",
        )
    records = next((path for path in request.paths if path.suffix.lower() == ".day"), None)
    if records is not None and request.basis is Basis.ADJUSTED:
        raise InputError(
            "prices of daily records are as traded", where=str(records), fix="say `--basis raw`"
        )
    unused = request.kind not in (ImportKind.BARS, ImportKind.INDEX)
    if request.basis is not None and unused:
        raise InputError(f"--basis is for bars, not for {request.kind}", fix="drop --basis")
    if request.kind is ImportKind.INDEX and request.basis is Basis.ADJUSTED:
        raise InputError("an index has no adjusted prices", fix="drop --basis")
    if request.dedupe and request.kind is not ImportKind.ACTIONS:
        raise InputError(
            f"--dedupe is for actions, not for {request.kind}",
            fix="drop --dedupe: rows that repeat another exactly are taken once anyway",
        )
    if request.kind in _WITHOUT_LISTING and request.listing is not None:
        what = _WITHOUT_LISTING[request.kind]
        raise InputError(f"--listing is not for {what}", fix="drop --listing")
    if request.continues and request.basis is not Basis.ADJUSTED:
        raise InputError(
            "--continues is for adjusted bars: raw prices always merge session by session",
            fix="drop --continues",
        )


def _check_times(request: ImportRequest) -> None:
    if request.fetched_at.tzinfo is None:
        raise InputError(f"fetched_at {request.fetched_at} has no time zone", fix="give it in UTC")
    if request.as_of is not None and request.as_of > request.today:
        raise InputError(f"--as-of {request.as_of} is after today, {request.today}")


def _labels(paths: tuple[Path, ...]) -> tuple[str, ...]:
    """Return the shortest path endings that tell the files apart."""
    depth = 1
    longest = max(len(path.parts) for path in paths)
    while True:
        labels = tuple("/".join(path.parts[-depth:]) for path in paths)
        if len(set(labels)) == len(labels) or depth >= longest:
            return labels
        depth += 1
