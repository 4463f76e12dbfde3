"""Files with more rows than are held at once: read block by block, taken up listing by listing.

Every row of a listing lies in one piece, whichever way its code is written, so that a piece is
checked and normalised like a file of its own. What only all rows tell (which codes there are) goes
with each piece.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import pyarrow as pa

from screener.data.sources.files.columns.columns import header_fit, map_columns
from screener.data.sources.files.columns.values import distinct_texts
from screener.data.sources.files.folders import estimated_rows
from screener.data.sources.files.request import FileQuery, ImportKind, ImportRequest
from screener.data.sources.files.tables.parquet import parquet_rows
from screener.data.sources.files.tables.raw import Fit, RawFile
from screener.data.sources.files.tables.reading import read_blocks
from screener.data.sources.files.tables.text import NotInBlocks
from screener.domain.arrays import IntArray
from screener.domain.former_codes import renumbering
from screener.domain.listing import Kind, parse_listing
from screener.errors import ScreenerError
from screener.files.spilled import Spilled
from screener.progress import counted

__all__ = ["LARGE", "LargeFiles", "Part"]

LARGE = 1_000_000
"""Rows from which files are read in pieces."""

_PIECE_ROWS = 400_000
_AT_ONCE = 300_000  # rows that are spread over the pieces together
_LINE = "line"
_DIGITS = re.compile(r"[0-9]+")
_MOST_DIGITS = 9
_SPREAD = 2_654_435_761  # codes come in runs: neighbours go to different pieces


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Rows of one file in a piece.

    Parameters
    ----------
    number
        Place of the file in the import.
    raw
        Its rows of some listings.
    known
        The cells of each column that tells the listing, once for each listing of the whole file.
    """

    number: int
    raw: RawFile
    known: Mapping[int, pa.ChunkedArray]


@dataclass(slots=True, kw_only=True)
class _File:
    """One file as far as it is read, its rows set down: codes are told by the columns `places`."""

    raw: RawFile
    places: tuple[int, ...]
    codes: dict[tuple[str, ...], list[pa.Scalar]] = field(default_factory=dict)

    def known(self) -> dict[int, pa.ChunkedArray]:
        """Return the cells of each code, once."""
        return {
            place: pa.chunked_array([pa.array(cells, cells[0].type)])
            for place, cells in zip(
                self.places, zip(*self.codes.values(), strict=True), strict=True
            )
        }

    def take_note(self, block: RawFile) -> None:
        """Keep of a further block what is no row."""
        self.raw = replace(
            self.raw,
            broken=(*self.raw.broken, *block.broken),
            notes=tuple(dict.fromkeys((*self.raw.notes, *block.notes))),
        )


class LargeFiles:
    """The rows of large files on disk, by pieces; a context manager.

    Parameters
    ----------
    query
        What to read.
    folder
        On the disk that they are set down on.

    Raises
    ------
    InputError, SchemaMismatch, DataError
        If a file cannot be read.
    """

    def __init__(self, query: FileQuery, folder: Path) -> None:
        self._query = query
        self._files: list[_File] = []
        self._n_pieces = 1 + sum(map(_rows_of, query.request.paths)) // _PIECE_ROWS
        with ExitStack() as stack:
            self._spilled: Spilled[tuple[int, int]] = stack.enter_context(Spilled(folder))
            for number in counted(range(len(query.labels))):
                self._set_down(number)
            stack.pop_all()

    @classmethod
    def of(cls, query: FileQuery, folder: Path) -> Self | None:
        """Read files that are large; `None` if they are not, or can only be read whole."""
        request = query.request
        if request.kind not in (ImportKind.BARS, ImportKind.INDEX) or request.listing is not None:
            return None
        if sum(map(_rows_of, request.paths)) <= LARGE:
            return None
        try:
            return cls(query, folder)
        except NotInBlocks:
            return None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._spilled.__exit__(kind, error, trace)

    def __len__(self) -> int:
        """Return how many pieces there are at most."""
        return self._n_pieces

    def pieces(self) -> Iterator[tuple[Part, ...]]:
        """Give the rows piece by piece; lines that do not fit their header go with the first."""
        there = set(self._spilled.keys())
        told: set[int] = set()
        for piece in range(self._n_pieces):
            numbers = [at for at in range(len(self._files)) if (at, piece) in there]
            if numbers:
                yield tuple(
                    self._part(number, piece, first=number not in told) for number in numbers
                )
                told.update(numbers)

    def _part(self, number: int, piece: int, *, first: bool) -> Part:
        file = self._files[number]
        rows = self._spilled.take((number, piece))
        raw = replace(
            file.raw,
            columns=tuple(rows.column(at) for at in range(len(file.raw.headers))),
            lines=rows.column(_LINE).to_numpy(),
            broken=file.raw.broken if first else (),
        )
        return Part(number=number, raw=raw, known=file.known())

    def _set_down(self, number: int) -> None:
        request, label = self._query.request, self._query.labels[number]

        def header(cells: tuple[str, ...]) -> Fit:
            return header_fit(cells, request.kind, request.column_map)

        held: list[RawFile] = []
        for block in read_blocks(request.paths[number], label=label, header=header):
            if number == len(self._files):
                nothing = np.arange(0, dtype=np.int64)
                raw = replace(block, columns=(), lines=nothing, broken=(), notes=())
                self._files.append(_File(raw=raw, places=_places(block, request)))
            self._files[number].take_note(block)
            held.append(block)
            if sum(one.n_rows for one in held) >= _AT_ONCE:
                self._spread(number, held)
                held = []
        if any(block.n_rows for block in held):
            self._spread(number, held)

    def _spread(self, number: int, blocks: Sequence[RawFile]) -> None:
        """Set down the rows of some blocks, each in the piece of its listing."""
        file = self._files[number]
        columns = [
            pa.chunked_array([chunk for column in cells for chunk in _plain(column).chunks])
            for cells in zip(*(block.columns for block in blocks), strict=True)
        ]
        lines = pa.array(np.concatenate([block.lines for block in blocks]))
        names = [*(str(at) for at in range(len(columns))), _LINE]
        rows = pa.table([*columns, lines], names=names)
        codes, row_of, code = _distinct([columns[place] for place in file.places])
        for key, row in zip(codes, row_of, strict=True):
            if key not in file.codes:
                file.codes[key] = [columns[place][row] for place in file.places]
        pieces = np.array([_piece(key[0], self._n_pieces) for key in codes])[code]
        self._spilled.spread(rows, pieces, lambda piece: (number, piece))


def _rows_of(path: Path) -> int:
    """Return how many rows a file has, or about how many."""
    if path.suffix.lower() == ".parquet":
        return parquet_rows(path)
    try:
        return int(estimated_rows(path))
    except OSError:
        return 0


def _places(block: RawFile, request: ImportRequest) -> tuple[int, ...]:
    """Return the columns that tell the listing: of codes, and of exchanges if there is one.

    Raises
    ------
    NotInBlocks
        If there is none, or the file is refused for another reason, which reading it whole tells.
    """
    try:
        found = map_columns(
            block.headers,
            request.kind,
            request.column_map,
            file=block.label,
            units=request.units,
            absent=frozenset({"listing", "session"}),
        ).columns
    except ScreenerError as error:
        raise NotInBlocks from error
    if "listing" not in found:
        raise NotInBlocks
    return tuple(found[name].position for name in ("listing", "exchange") if name in found)


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column without a dictionary: each piece would hold all of its texts."""
    kind = column.type
    return column.cast(kind.value_type) if pa.types.is_dictionary(kind) else column


def _distinct(
    columns: Sequence[pa.ChunkedArray],
) -> tuple[list[tuple[str, ...]], list[int], IntArray]:
    """Return the distinct rows as texts, the first of each, and each row's place among them."""
    parts = [distinct_texts(column) for column in columns]
    key = np.zeros(len(columns[0]), dtype=np.int64)
    for codes, texts in parts:
        key = key * (len(texts) + 1) + codes
    _, first, place = np.unique(key, return_index=True, return_inverse=True)
    order = np.argsort(first)  # as they come in the file
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    rows = first[order].tolist()
    told = [[[*texts, ""][code] for code in codes[first[order]].tolist()] for codes, texts in parts]
    return list(zip(*told, strict=True)), rows, rank[place]


@lru_cache(maxsize=1 << 16)
def _piece(text: str, n_pieces: int) -> int:
    """Return in which piece the rows of a code go: one for all ways to write a listing."""
    try:
        code = parse_listing(text, kind=Kind.SECURITY).code
    except ScreenerError:
        code = text
    digits = _DIGITS.search(code)
    if digits is None:
        return sum(code.upper().encode()) % n_pieces
    change = renumbering(digits[0])
    number = int((change.present if change is not None else digits[0])[-_MOST_DIGITS:])
    return (number * _SPREAD >> 16) % n_pieces
