"""Whether prices whose scale the program assumes are at that of the same sessions elsewhere."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from screener.data.lake.schema import Basis, TableName
from screener.data.lake.store import Store
from screener.data.validation.joining import Refusal
from screener.language import say

__all__ = ["ASSUMED", "without_wrong_scale"]

ASSUMED = ".day"
"""How the source of bars ends whose file tells no unit."""

_NEAR = 0.05  # sources of one price do not differ by that
_COLUMNS = ("listing", "session", "close", "basis", "source")
_KEY = ["listing", "session"]


def without_wrong_scale(store: Store, bars: pa.Table) -> tuple[pa.Table, tuple[Refusal, ...]]:
    """Leave out the listings whose closes are ten or more times those stored, or a tenth.

    Parameters
    ----------
    store
        The lake, at its newest version.
    bars
        Rows of table `bars`; only those of files that tell no unit are compared, with stored raw
        ones of other sources.

    Returns
    -------
    bars : pyarrow.Table
        Rows of the others.
    refused : tuple of Refusal
        One for each listing left out. Where no session is shared, nothing is known against it.
    """
    assumed = bars.filter(pc.ends_with(bars.column("source"), ASSUMED))
    if not assumed.num_rows:
        return bars, ()
    names = pc.unique(assumed.column("listing")).to_pylist()
    stored = store.read(TableName.BARS, listings=sorted(names), columns=_COLUMNS)
    elsewhere = pc.and_(
        pc.equal(stored.column("basis"), str(Basis.RAW)),
        pc.invert(pc.ends_with(stored.column("source"), ASSUMED)),
    )
    stored = stored.filter(elsewhere).select(["listing", "session", "close", "source"])
    if not stored.num_rows:
        return bars, ()
    known = stored.rename_columns([*_KEY, "stored", "other"])
    pairs = assumed.select([*_KEY, "close", "source"]).join(known, keys=_KEY, join_type="inner")
    ratios = pc.divide(pairs.column("close"), pairs.column("stored"))
    pairs = pairs.append_column("ratio", ratios)
    found = pairs.group_by("listing").aggregate(
        [
            ("ratio", "approximate_median"),
            ("ratio", "count"),
            ("session", "min"),
            ("session", "max"),
            ("source", "min"),
            ("other", "min"),
        ]
    )
    wrong = sorted(
        (row for row in found.to_pylist() if _scale_of(row["ratio_approximate_median"]) != 1),
        key=lambda row: row["listing"],
    )
    refused = tuple(_refusal(row) for row in wrong)
    left_out = pa.array([item.listing for item in refused], pa.string())
    return bars.filter(pc.invert(pc.is_in(bars.column("listing"), left_out))), refused


def _scale_of(ratio: float) -> float:
    """Return the power of ten that a ratio is, or 1 if it is none."""
    powers = (10.0**power for power in (*range(-4, 0), *range(1, 5)))
    return next((power for power in powers if abs(ratio / power - 1) < _NEAR), 1.0)


def _refusal(row: dict[str, object]) -> Refusal:
    scale = _scale_of(float(str(row["ratio_approximate_median"])))
    listing, source, other = (str(row[name]) for name in ("listing", "source_min", "other_min"))
    first, last, count = row["session_min"], row["session_max"], row["ratio_count"]
    return Refusal(
        listing=listing,
        source=source,
        first=first,  # type: ignore[arg-type]
        last=last,  # type: ignore[arg-type]
        rows=count,  # type: ignore[arg-type]
        reason=say("the prices are at another scale than those stored of the same sessions"),
        what=say(
            "closes are {scale:g} times those stored from {source} on {n} shared sessions",
            scale=scale,
            source=other,
            n=count,
        ),
        where=say(
            "{source}, {listing}, {first} to {last}",
            source=source,
            listing=listing,
            first=first,
            last=last,
        ),
        fix=say(
            "compare both with a third source; nothing of {listing} was changed", listing=listing
        ),
    )
