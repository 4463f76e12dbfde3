"""Which listings an update is about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.domain.listing import Board, Kind, Listing, parse_listing, stored_listing
from screener.errors import DataError
from screener.language import say
from screener.language.terms import named
from screener.market.benchmarks import default_benchmark
from screener.market.industries import industry_index
from screener.workflows.report.catalog import basket_events, list_reports
from screener.workspace.broken import Readable
from screener.workspace.locate import Workspace

__all__ = ["basket_targets", "every_target", "in_stages", "industry_groups", "with_benchmarks"]


def basket_targets(workspace: Workspace, names: Sequence[str] | None) -> Readable[Listing]:
    """Return every name of some baskets, or of all, and the indices that they are judged on.

    Those are the benchmarks that baskets ask for, and the industries that the notes behind them
    rate; of all, those that any card rates. Cards and baskets that break their rules are left out
    and named in what is returned.

    Raises
    ------
    BasketNotFound
        If there is no such basket.
    """
    groups = basket_events(workspace, names)
    events = [event for _, group in groups for event in group]
    members = [member.listing for event in events for member in event.members]
    asked = [
        parse_listing(event.benchmark, parameter="benchmark", kind=Kind.INDEX)
        for event in events
        if event.benchmark
    ]
    behind = {event.report for event in events}
    rated = [
        known.listing
        for report in list_reports(workspace)
        if names is None or report.id in behind
        for note in report.notes
        if note.rating and (known := industry_index(note.industry)) is not None
    ]
    return Readable(dict.fromkeys([*members, *asked, *rated]), groups.broken)


def every_target(store: Store) -> tuple[Listing, ...]:
    """Return every security of table `listings` and every index of it.

    Raises
    ------
    DataError
        If the table is empty.
    """
    rows = store.read(TableName.LISTINGS).to_pylist()
    if not rows:
        raise DataError(
            say("no listing is known yet"),
            where=say("table {table}", table=named(TableName.LISTINGS)),
            fix=say("fill it first: `screener data update --only master`"),
        )
    known = (stored_listing(row["listing"]) for row in rows)
    # Sources know present codes alone, and nothing of bonds.
    return tuple(dict.fromkeys(item.present for item in known if item.board is not Board.BOND))


def with_benchmarks(listings: Iterable[Listing]) -> tuple[Listing, ...]:
    """Return indices before securities, with the default benchmark of each security added."""
    given = tuple(listings)
    indices = [item for item in given if item.board is Board.INDEX]
    securities = [item for item in given if item.board is not Board.INDEX]
    default = [default_benchmark(item) for item in securities]
    return tuple(dict.fromkeys([*indices, *default, *sorted(securities, key=lambda item: item.id)]))


def industry_groups(store: Store) -> dict[str, str]:
    """Return the industry of each listing that has one: the last dated one, else its master's."""
    found = {
        row["listing"]: row["industry"]
        for row in store.read(TableName.LISTINGS).select(["listing", "industry"]).to_pylist()
        if row["industry"]
    }
    dated = store.read(TableName.INDUSTRIES).select(["listing", "valid_from", "industry"])
    rows = sorted(dated.to_pylist(), key=lambda row: row["valid_from"])
    return found | {row["listing"]: row["industry"] for row in rows}


def in_stages(
    parts: Sequence[Iterable[Listing]],
) -> tuple[tuple[Listing, ...], tuple[int, ...]]:
    """Return listings part after part, each once, and where each part ends.

    Parameters
    ----------
    parts
        Listings that are worked off before those of the next part; each part has its indices and
        the default benchmarks of its securities first.
    """
    order: dict[Listing, None] = {}
    ends = []
    for part in parts:
        order |= dict.fromkeys(with_benchmarks(item for item in part if item not in order))
        ends.append(len(order))
    return tuple(order), tuple(ends)
