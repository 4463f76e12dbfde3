"""Files of the user as a source: checked request, raw columns, rows that fit the tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa

from screener.data.lake.batch import Batch
from screener.data.lake.schema import SIMULATED, Basis
from screener.data.sources.files.checks import Normalised, sensible
from screener.data.sources.files.columns.columns import (
    ColumnMapping,
    check_fields,
    check_units,
    header_fit,
    map_columns,
)
from screener.data.sources.files.columns.listings import Master, no_master
from screener.data.sources.files.columns.units import normal_header
from screener.data.sources.files.columns.values import distinct_texts, parse_day
from screener.data.sources.files.kinds.dated import normalise_eligibility, normalise_estimates
from screener.data.sources.files.kinds.facts import (
    normalise_calendar,
    normalise_factors,
    normalise_fundamentals,
    normalise_industries,
    normalise_status,
)
from screener.data.sources.files.kinds.fixings import normalise_fx
from screener.data.sources.files.kinds.masters import normalise_listings, normalise_names
from screener.data.sources.files.kinds.prices import normalise_prices
from screener.data.sources.files.kinds.ratings import normalise_ratings
from screener.data.sources.files.kinds.series import normalise_actions, normalise_valuation
from screener.data.sources.files.kinds.suspensions import taken_as_suspended
from screener.data.sources.files.kinds.volume import VolumeProof, settle_volume, volume_proof
from screener.data.sources.files.lake_rows import rejects_of
from screener.data.sources.files.large import LargeFiles
from screener.data.sources.files.remarks import Remark, file_remarks, lines_of
from screener.data.sources.files.request import (
    FileQuery,
    ImportKind,
    ImportRequest,
    checked_query,
)
from screener.data.sources.files.rows import Rows, concatenated, read_rows
from screener.data.sources.files.tables.bounds import BOUNDS
from screener.data.sources.files.tables.raw import Fit, RawFile
from screener.data.sources.files.tables.reading import read_raw, readable
from screener.data.sources.files.tables.titles import listing_of_title, refuse_other_bars
from screener.domain.listing import Kind, Listing, parse_listing
from screener.errors import DataError, InputError, ScreenerError
from screener.language import in_english, say
from screener.language.lists import clauses, listed
from screener.progress import counted

__all__ = ["FileSource"]

_NORMALISERS: dict[ImportKind, Callable[[Rows, FileQuery], Normalised]] = {
    ImportKind.BARS: normalise_prices,
    ImportKind.INDEX: normalise_prices,
    ImportKind.VALUATION: normalise_valuation,
    ImportKind.LISTINGS: normalise_listings,
    ImportKind.NAMES: normalise_names,
    ImportKind.FX: normalise_fx,
    ImportKind.ACTIONS: normalise_actions,
    ImportKind.FACTORS: normalise_factors,
    ImportKind.RATINGS: normalise_ratings,
    ImportKind.FUNDAMENTALS: normalise_fundamentals,
    ImportKind.CALENDAR: normalise_calendar,
    ImportKind.STATUS: normalise_status,
    ImportKind.INDUSTRIES: normalise_industries,
    ImportKind.ELIGIBILITY: normalise_eligibility,
    ImportKind.ESTIMATES: normalise_estimates,
}
_ONE_LISTING = frozenset(
    {
        ImportKind.BARS,
        ImportKind.INDEX,
        ImportKind.VALUATION,
        ImportKind.ACTIONS,
        ImportKind.FACTORS,
        ImportKind.RATINGS,
        ImportKind.FUNDAMENTALS,
        ImportKind.STATUS,
        ImportKind.INDUSTRIES,
        ImportKind.ELIGIBILITY,
        ImportKind.ESTIMATES,
    }
)
_SHOWN_REASONS = 3
_FIXES: tuple[tuple[str, Callable[[], str]], ...] = (
    ("code has lost", lambda: say("restore the codes, and import the file again")),
    ("the code is that of an index", lambda: say("import it with --kind index")),
    ("the code is not that of an index", lambda: say("import it with --kind bars")),
    (
        "amount / (volume",
        lambda: say("say the units, like --unit volume=lots or --unit amount=万元"),
    ),
    (
        "is not a date",
        lambda: say(
            "write days like 2026-05-14, 2026/5/14 or 20260514; a number like 46156 is a "
            "spreadsheet's count of days: format the column as dates"
        ),
    ),
    (
        "is not a number",
        lambda: say("write numbers like 1234.5 or 1,234.5, a point before the decimals"),
    ),
    ("not a session", lambda: say("check the days, and the exchange of the codes")),
    (
        "wrong number of cells",
        lambda: say("export it again: its rows are longer or shorter than its header"),
    ),
    (
        "is missing",
        lambda: say(
            "fill the column; a workbook's formulas have no values until a spreadsheet program has "
            "saved them"
        ),
    ),
    (
        "no market has seen",
        lambda: say("check the units of the columns: `--unit volume=lots`, and the values"),
    ),
    ("", lambda: say("check --kind, --map and the file")),
)
"""What helps against a reason that has these words in English; the first that fits is told."""


class FileSource:
    """Files of the user, in three steps; only `fetch` reads them.

    Parameters
    ----------
    master
        Gives the ids of the listings that the workspace knows; asked only where codes lost zeros.
    """

    name = "files"

    def __init__(self, master: Master = no_master) -> None:
        self._master = master

    def build_query(self, request: ImportRequest) -> FileQuery:
        """Check a request before any file is opened.

        Raises
        ------
        InputError
            If a file is missing or of a type that is not read, `basis` is missing or out of
            place, or the column map or a unit names a field that this kind does not have.
        """
        check_fields(request.kind, request.column_map)
        check_units(request.kind, request.units)
        return checked_query(request)

    def fetch(self, query: FileQuery) -> tuple[RawFile, ...]:
        """Read the files as they stand.

        Raises
        ------
        InputError
            If a file cannot be opened.
        SchemaMismatch
            If a file is damaged, not text, or in no known encoding.
        DataError
            If a file holds no row.
        """
        files = list(zip(query.request.paths, query.labels, strict=True))
        return tuple(_read(path, label, query.request) for path, label in counted(files))

    def normalise(self, query: FileQuery, payload: Sequence[RawFile]) -> Batch:
        """Turn the files' columns into checked rows of the tables.

        Raises
        ------
        SchemaMismatch
            If a required column is missing; names the columns found.
        InputError
            If the files are of the simulated market, or hold other listings than `--listing`.
        DataError
            If no row passes the checks; names the most frequent reasons.
        """
        parts = []
        for number, raw in enumerate(payload):
            with readable(raw.label):
                parts.append(_one_file(raw, number, query, self._master))
        outcome = _NORMALISERS[query.request.kind](
            concatenated([rows for rows, *_ in parts]), query
        )
        _refuse_nothing(outcome, payload)
        return _batch(outcome, payload, parts)

    def pieces(self, query: FileQuery, large: LargeFiles) -> Iterator[tuple[Batch, list[Remark]]]:
        """Give checked rows of large files piece by piece, each with all rows of its listings.

        Raises
        ------
        SchemaMismatch, InputError
            As `normalise`.
        DataError
            After the last piece, if no row of any has passed the checks, or too many have not.
        """
        proofs = self._proofs(query, large)
        tally = _Tally()
        said: dict[Remark, None] = {}  # on whole files, and the same in each piece
        for found in large.pieces():
            payload = [part.raw for part in found]
            request = replace(
                query.request, paths=tuple(query.request.paths[part.number] for part in found)
            )
            own = FileQuery(request=request, labels=tuple(raw.label for raw in payload))
            parts: list[_Part] = []
            counted: list[Remark] = []
            for at, part in enumerate(found):
                with readable(part.raw.label):
                    opened = _opened(part.raw, at, own, self._master, part.known)
                    proof = proofs.get(part.number)
                    (rows, mapping, told), idle = _settled(opened, part.raw, own, proof)
                fresh = [remark for remark in told if remark not in said]
                said.update(dict.fromkeys(fresh))
                parts.append((rows, mapping, fresh))
                counted += [*fresh, *idle]
            outcome = _NORMALISERS[request.kind](concatenated([rows for rows, *_ in parts]), own)
            tally.add(outcome, payload)
            batch = replace(_batch(outcome, payload, parts), remarks=())
            yield batch, [*counted, *outcome.remarks]
        tally.refuse_nothing()

    def _proofs(self, query: FileQuery, large: LargeFiles) -> dict[int, VolumeProof]:
        """Return for each large file of raw bars what all its rows tell of the unit of volume."""
        found: dict[int, VolumeProof] = {}
        if query.request.kind is not ImportKind.BARS:
            return found
        provable = query.request.basis is Basis.RAW
        for piece in large.pieces():
            for part in piece:
                with readable(part.raw.label):
                    rows, mapping, _ = _opened(part.raw, 0, query, self._master, part.known)
                column = mapping.columns.get("volume")
                if column is None or column.stated:
                    continue
                proof = volume_proof(rows, column, provable=provable)
                before = found.get(part.number)
                found[part.number] = proof if before is None else before.beside(proof)
        return found

    def read_separately(self, query: FileQuery) -> tuple[Batch, tuple[Remark, ...]]:
        """Read files of which none depends on another: one that cannot be read is left out.

        Returns
        -------
        batch : Batch
            Rows of the others; no remarks, and no tables if no row passes the checks.
        remarks : tuple of Remark
            What was assumed or ignored, and why files were left out.
        """
        kept: list[Path] = []
        payload: list[RawFile] = []
        parts: list[_Part] = []
        left: list[Remark] = []
        for path, label in zip(query.request.paths, query.labels, strict=True):
            try:
                raw = _read(path, label, query.request)
                with readable(label):
                    parts.append(_one_file(raw, len(payload), query, self._master))
            except (InputError, DataError) as error:
                left.append(Remark(text=say("left out: {error}", error=error.what), file=label))
                continue
            payload.append(raw)
            kept.append(path)
        if not payload:
            return Batch(tables={}), tuple(left)
        request = replace(query.request, paths=tuple(kept))
        query = FileQuery(request=request, labels=tuple(raw.label for raw in payload))
        outcome = _NORMALISERS[request.kind](concatenated([rows for rows, *_ in parts]), query)
        said = [remark for *_, remarks in parts for remark in remarks]
        batch = replace(_batch(outcome, payload, parts), remarks=())
        return batch, (*left, *said, *outcome.remarks)


_Part = tuple[Rows, ColumnMapping, list[Remark]]
"""Rows of one file, its columns, and what was decided on it."""


def _read(path: Path, label: str, request: ImportRequest) -> RawFile:
    def header(cells: tuple[str, ...]) -> Fit:
        return header_fit(cells, request.kind, request.column_map)

    return read_raw(path, label=label, header=header)


def _batch(outcome: Normalised, payload: Sequence[RawFile], parts: Sequence[_Part]) -> Batch:
    mappings = [mapping for _, mapping, _ in parts]
    said = [remark for *_, remarks in parts for remark in remarks]
    return Batch(
        tables=outcome.tables,
        rejects=rejects_of(outcome.rows, payload, mappings, outcome.table, outcome.day_field),
        remarks=lines_of([*said, *outcome.remarks]),
    )


def _one_file(raw: RawFile, number: int, query: FileQuery, master: Master) -> _Part:
    (rows, mapping, said), idle = _settled(
        _opened(raw, number, query, master, {}), raw, query, None
    )
    return rows, mapping, [*said, *idle]


def _opened(
    raw: RawFile,
    number: int,
    query: FileQuery,
    master: Master,
    known: Mapping[int, pa.ChunkedArray],
) -> _Part:
    """Read the rows of a file, or some of a larger one of which all codes are known."""
    request = query.request
    _refuse_simulated(raw)
    refuse_other_bars(raw, request)
    code_kind = Kind.INDEX if request.kind is ImportKind.INDEX else Kind.SECURITY
    alone, told_by = _listing_of_file(raw, request, code_kind)
    elsewhere = {"listing"} if alone is not None else set()
    day = _day_of_file(raw, request)
    if day is not None:
        elsewhere.add("session")
    mapping = map_columns(
        raw.headers,
        request.kind,
        request.column_map,
        file=raw.header_place,
        units=request.units,
        absent=frozenset(elsewhere),
    )
    rows, notes = read_rows(
        raw,
        mapping,
        file=number,
        kind=code_kind,
        listing=alone or request.listing,
        master=master,
        known=known,
    )
    rows = sensible(rows)
    said = [*notes]
    if "listing" in mapping.columns:
        _refuse_other_listings(rows, request.listing, raw.label)
    elif told_by:
        said.append(say("listing {listing} is told by {place}", listing=alone, place=told_by))
    if day is not None:
        rows, told = _dated(rows, day, request.kind)
        said += told
    remarks = [*file_remarks(raw, mapping), *(Remark(text=t, file=raw.label) for t in said)]
    return rows, mapping, remarks


def _settled(
    part: _Part, raw: RawFile, query: FileQuery, proof: VolumeProof | None
) -> tuple[_Part, list[Remark]]:
    """Settle what the volume of bars means: its unit, and days on which nothing was traded.

    What is counted in these rows is told apart from what holds of the whole file.
    """
    rows, mapping, remarks = part
    if query.request.kind is not ImportKind.BARS:
        return part, []
    raw_basis = query.request.basis is Basis.RAW
    column = mapping.columns.get("volume")
    rows, units = settle_volume(rows, column, raw.label, provable=raw_basis, proof=proof)
    rows, idle = taken_as_suspended(rows, raw.label)
    return (sensible(rows), mapping, [*remarks, *units]), idle  # sensible in shares


def _day_of_file(raw: RawFile, request: ImportRequest) -> date | None:
    """Return the day of rows without one: of valuations as told, of bars in the file's name."""
    if request.kind is ImportKind.VALUATION:
        return request.as_of
    return parse_day(raw.stem) if request.kind is ImportKind.BARS else None


def _dated(rows: Rows, day: date, kind: ImportKind) -> tuple[Rows, list[str]]:
    """Give rows the day of their file where it has no column of days."""
    told = kind is ImportKind.VALUATION
    if "session" in rows.values:
        return rows, [
            say("--as-of {day} is not used: the file has its own days", day=day)
        ] if told else []
    days = np.full(rows.n_rows, np.datetime64(day, "D"))
    said = say("bars are of {day}, as its name is", day=day)
    if told:
        said = say("values are of {day}, as --as-of says", day=day)
    return rows.with_values(session=days), [said]


def _listing_of_file(
    raw: RawFile, request: ImportRequest, code_kind: Kind
) -> tuple[Listing | None, str]:
    """Return the listing of a file without a listing column, and what tells it if not the user.

    Raises
    ------
    InputError
        If the title, the file's name and the user name different ones.
    """
    named = _listing_of_stem(raw, request.kind, code_kind)
    titled = listing_of_title(raw, code_kind) if request.kind in _ONE_LISTING else None
    given = request.listing or named
    if given is not None and titled is not None and given.code != titled.code:
        what = say(
            "the title says {titled}, the file name says {given}", titled=titled, given=given
        )
        if request.listing:
            what = say(
                "the title says {titled}, --listing says {given}", titled=titled, given=given
            )
        raise InputError(
            what,
            where=raw.label,
            fix=say("correct the one that is wrong"),
        )
    if request.listing is not None:
        return request.listing, ""
    if named is not None:
        return named, say("the file name")
    return titled, say("the title") if titled else ""


def _listing_of_stem(raw: RawFile, kind: ImportKind, code_kind: Kind) -> Listing | None:
    if kind not in _ONE_LISTING:
        return None
    try:
        return parse_listing(raw.stem, kind=code_kind)
    except ScreenerError:
        return None


def _refuse_other_listings(rows: Rows, listing: Listing | None, label: str) -> None:
    others = [item.id for item in rows.listings if item != listing]
    if listing is not None and others:
        raise InputError(
            say(
                "the file has a listing column, with {other} in it, not only {listing}",
                other=others[0],
                listing=listing.id,
            ),
            where=label,
            fix=say("drop --listing"),
        )


def _refuse_simulated(raw: RawFile) -> None:
    for header, column in zip(raw.headers, raw.columns, strict=True):
        if normal_header(header) != "source":
            continue
        if SIMULATED in distinct_texts(column, normal=False)[1]:
            raise InputError(
                say(
                    "the rows are of the simulated market: their source is {source}",
                    source=SIMULATED,
                ),
                where=raw.label,
                fix=say("import real prices, or see the simulated market by `screener demo`"),
            )


def _refuse_nothing(outcome: Normalised, payload: Sequence[RawFile]) -> None:
    tally = _Tally()
    tally.add(outcome, payload)
    tally.refuse_nothing()


@dataclass(slots=True)
class _Tally:
    """How many rows there were, of which files, and why some were rejected."""

    n_rows: int = 0
    rejected: int = 0
    broken: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    labels: dict[str, None] = field(default_factory=dict)

    def add(self, outcome: Normalised, payload: Sequence[RawFile]) -> None:
        """Count what was made of some rows."""
        self.n_rows += outcome.rows.n_rows
        self.rejected += outcome.rows.n_rows - int(np.count_nonzero(outcome.rows.passed))
        self.broken += sum(len(raw.broken) for raw in payload)
        self.reasons.update(dict(outcome.rows.verdict.counts()))
        self.labels.update(dict.fromkeys(raw.label for raw in payload))

    def refuse_nothing(self) -> None:
        """Refuse files of which no row is left, or more are rejected than are kept."""
        broken, rejected = self.broken, self.rejected + self.broken
        every = rejected == self.n_rows + broken
        if not every and rejected <= BOUNDS.rejects:
            return
        counted = sorted(self.reasons.items(), key=lambda item: (-item[1], item[0]))
        reasons = [say("{what} ({detail})", what=reason, detail=n) for reason, n in counted]
        if broken:
            reasons.insert(0, say("wrong number of cells ({n})", n=broken))
        more = len(reasons) - _SHOWN_REASONS
        others = [say("and {n} more reasons", n=more)] if more > 0 else []
        shown = clauses([*reasons[:_SHOWN_REASONS], *others])
        what = say(
            "{n} rows are rejected, more than {most:,}; nothing is stored: {reasons}",
            n=rejected,
            most=BOUNDS.rejects,
            reasons=shown,
        )
        if every:
            what = say("all {n} rows are rejected: {reasons}", n=rejected, reasons=shown)
        raise DataError(
            what,
            where=listed(list(self.labels)[:_SHOWN_REASONS]),
            fix=_advice(reasons[0]),
        )


def _advice(reason: str) -> str:
    """Return what helps against the commonest fault of a file of which no row is left."""
    english = in_english(reason)
    return next(fix() for words, fix in _FIXES if words in english)
