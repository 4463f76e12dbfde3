"""Which rules applied to a listing on a day, and what about it made them apply."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

from screener.data.lake.guards import has_catalog
from screener.data.lake.store import Store
from screener.data.panels.calendar_cache import recorded_sessions
from screener.domain.listing import Board, Exchange, Listing
from screener.errors import ConfigError, InputError
from screener.files.place import Place
from screener.language import say
from screener.market.calendars import calendar_of
from screener.market.charges import Plan
from screener.market.dated import check_tradable
from screener.market.rules import price_limit
from screener.workflows.rules.listing_state import Known, read_known
from screener.workflows.rules.result import RulesPage
from screener.workflows.rules.rule_rows import rules_for
from screener.workspace.locate import VARIABLE, Workspace, find_workspace

__all__ = ["lake_of", "place_if_any", "rules_for", "run_ruling"]


def place_if_any(option: Path | None, *, environ: Mapping[str, str], cwd: Path) -> Workspace | None:
    """Return the workspace, or `None` where there is none.

    Parameters
    ----------
    option
        Workspace named on the command line.
    environ, cwd
        As in `find_workspace`.

    Raises
    ------
    ConfigError
        If a workspace was named that is none.
    """
    try:
        return find_workspace(option, environ=environ, cwd=cwd)
    except ConfigError:
        if option is not None or environ.get(VARIABLE):
            raise
        return None


def lake_of(place: Workspace | None) -> Place | None:
    """Return where a workspace's lake is; `None` where there is none."""
    lake = place.lake if place else None
    return lake if lake and has_catalog(lake) else None


def run_ruling(
    lake: Path | Place | None,
    listing: Listing,
    session: date,
    *,
    plan: Plan | None = None,
    version: int | None = None,
) -> RulesPage:
    """Tell which rules applied to a listing on a day.

    Parameters
    ----------
    lake
        Where the market data are; without them the listing's state is not known, and the page says
        what follows from that.
    listing
        A security.
    session
        The day; rules are told for a day without trading too.
    plan
        The broker's terms; the usual ones when `None`.
    version
        Data version to read; the newest when `None`.

    Raises
    ------
    InputError
        If the listing is an index, or a version is named where there are no data.
    DataError
        If its charges are not recorded.
    DateRangeError
        If the rule tables do not know the day.
    """
    check_tradable(listing)
    if lake is None and version is not None:
        raise InputError(
            say(
                "there is no data version {version}: no market data are stored here",
                version=version,
            ),
            fix=say("name the workspace with --workspace DIR, or leave --data-version out"),
        )
    if lake is None:
        return _page(
            listing, session, Known(), plan, missing=(say("no market data are stored here"),)
        )
    with recorded_sessions(Place.of(lake).folder), Store.open(lake, version=version) as store:
        known = read_known(store, listing, session)
        page = _page(listing, session, known, plan)
        return replace(page, data_version=store.version, simulated=store.simulated())


def _page(
    listing: Listing,
    session: date,
    known: Known,
    plan: Plan | None,
    *,
    missing: tuple[str, ...] = (),
) -> RulesPage:
    traded = calendar_of(listing.exchange).is_session(session)
    return RulesPage(
        listing=listing.id,
        board=str(listing.board),
        at=session,
        session=traded,
        known=known.shown(),
        rules=rules_for(listing, session, known=known, plan=plan),
        remarks=(*missing, *_remarks(listing, session, known, traded)),
    )


def _remarks(listing: Listing, session: date, known: Known, traded: bool) -> Iterator[str]:
    if not traded:
        yield say(
            "{session} is no session of {exchange}: the rules in force on that day",
            session=session,
            exchange=listing.exchange,
        )
    if known.gone:
        yield say("{listing} was delisted by {session}", listing=listing, session=session)
    if known.suspended is None and traded:
        yield say("whether it was suspended is not known")
    yield from _hong_kong_remarks(listing, known)
    if listing.exchange.mainland and known.st is None:
        yield say("no name and no status is known for that day: limits are shown for either case")
    if listing.exchange.mainland and known.list_date is None:
        yield say("its first trading day is not known: new listings have other limits")
    if listing.exchange.mainland and known.reference is None:
        yield say("no close before that day is stored: limits are shown without prices")
    if listing.board is Board.FUND and _plain_fund(listing, session):
        yield say("whether it follows ChiNext or STAR shares alone, at ±20 %, is not recorded")
    if known.adjusted:
        yield say("the stored prices are adjusted: prices of limits are approximate")


def _plain_fund(listing: Listing, session: date) -> bool:
    rule = price_limit(listing, session, st=False)
    return rule is not None and not rule.codes


def _hong_kong_remarks(listing: Listing, known: Known) -> Iterator[str]:
    if listing.exchange is not Exchange.HK:
        return
    if known.board_lot is None:
        yield say(
            "its board lot is not known: `screener data update --listing {listing}` fetches it",
            listing=listing,
        )
    if known.fund is None:
        yield say("whether it is a fund is not known: costs are those of a share")
    yield say("whether it is an H share or a red chip is not recorded: tax is shown for each")
