"""Versions of a basket held one after the other, against figures worked by hand."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from screener.backtest.execution.pricing import value_panel
from screener.backtest.following.chains import Chain, chain_of, follow_chain, paper_level
from screener.backtest.following.slots import Followed
from screener.backtest.frictions import Frictions
from screener.backtest.run import Settings
from screener.domain.basket import Event, Weighting
from screener.domain.eligibility import Eligibility
from screener.domain.listing import Exchange
from screener.domain.panel import PricePanel, TradingPanel
from screener.market.charges import Plan
from screener.paths.known import EntrySessions
from screener.workflows.follow.chains import followed_chains
from tests.support.panels import bars_of, event_of, panel_of, sessions
from tests.unit.test_executing import trading_of

SZ = Exchange.SZ
A, B, C = "000001.SZ", "000002.SZ", "000004.SZ"
DAYS = sessions(SZ, date(2026, 5, 15), 6)
FREE = Frictions(participation=None, commission=False, levies=False)
FLAT = [(10.0, 10.0)] * 6


def settings(frictions: Frictions = FREE, max_wait: int = 10) -> Settings:
    return Settings(horizons=(5,), max_wait=max_wait, frictions=frictions)


def version(names: list[str], at: int, *parts: float) -> tuple[Event, EntrySessions]:
    """Return a version that is entered at the open of a day, with weights if they are given."""
    event = replace(event_of(names, DAYS[at - 1] if at else date(2026, 5, 14)), report=f"V{at}")
    if parts:
        weighed = zip(event.members, parts, strict=True)
        members = tuple(replace(member, weight=part) for member, part in weighed)
        event = replace(event, members=members, weighting=Weighting.CUSTOM)
    return event, ((SZ, DAYS[at]),)


def market(**prices: list[tuple[float, float] | None]) -> PricePanel:
    bars = {A: FLAT, B: FLAT, C: FLAT} | {{"a": A, "b": B, "c": C}[k]: v for k, v in prices.items()}
    return panel_of({name: bars_of(SZ, DAYS[0], own) for name, own in bars.items()})


def made(panel: PricePanel, *versions: tuple[Event, EntrySessions], max_wait: int = 10) -> Chain:
    chain = chain_of(panel, versions, settings(max_wait=max_wait))
    assert chain is not None
    return chain


def held(
    panel: PricePanel,
    chain: Chain,
    money: float = 10_000.0,
    trading: TradingPanel | None = None,
    **given: object,
) -> Followed:
    return follow_chain(trading or trading_of(panel), chain, settings(**given), money)  # type: ignore[arg-type]


def orders(one: Followed) -> list[tuple[str, str, date | None, float, float | None]]:
    assert one.execution is not None
    return [
        (item.listing.id, str(item.side), item.session, item.shares, item.price)
        for item in one.execution.orders
    ]


RISING = [(10.0, 10.0), (10.0, 11.0), (11.0, 12.0), (12.0, 12.0), (12.0, 12.0), (12.0, 12.0)]
FALLING = [(10.0, 10.0), (10.0, 10.0), (9.5, 9.0), (9.0, 9.0), (9.0, 9.0), (9.0, 9.0)]


def test_a_version_sells_what_it_drops_and_buys_what_it_adds() -> None:
    """10,000 in A and B; A at 11 by the close of day 2, so 10,500, half of it each in A and C.

    B's 500 shares go at 9.5: 4,750. A is 250 above its part of 5,250: 22.7 shares, no lot, nothing
    is sold. C gets 4,750 of the 5,250 that it lacks: 400 shares at 10.
    """
    panel = market(a=RISING, b=FALLING)
    chain = made(panel, version([A, B], 0), version([A, C], 2))
    one = held(panel, chain)
    assert orders(one) == [
        (A, "buy", DAYS[0], 500, 10.0),
        (B, "buy", DAYS[0], 500, 10.0),
        (B, "sell", DAYS[2], 500, 9.5),
        (C, "buy", DAYS[2], 400, 10.0),
    ]
    rows = np.arange(6)
    worth = [10_000, 10_500, 500 * 12 + 750 + 4_000, 10_750, 10_750, 10_750]
    np.testing.assert_allclose(one.worths(rows), worth)
    # On paper: 0.525 each by the closes before; A is cut to it at its open of 11, B goes at 9.5,
    # and C gets what is there, (0.55 - 0.525) + 0.475 = 0.5.
    level = paper_level(value_panel(panel), chain, settings(), 5)
    np.testing.assert_allclose(level, [1, 1.05, *[0.525 / 11 * 12 + 0.5] * 4])


def test_weights_are_those_of_the_version_and_charges_are_paid() -> None:
    """3 to 1 of 41,000, then 1 to 1 of 40,980 or so.

    A is 9,510 above its part: 900 shares. B lacks 10,490 and gets what is there: 980 left over and
    the 9,000 of A, less its charges: 900 shares.
    """
    panel = market()
    chain = made(panel, version([A, B], 0, 3.0, 1.0), version([A, B], 3, 1.0, 1.0))
    one = held(panel, chain, frictions=Frictions(participation=None), money=41_000.0)
    assert [(name, side, shares) for name, side, _, shares, _ in orders(one)] == [
        (A, "buy", 3000),
        (B, "buy", 1000),
        (A, "sell", 900),
        (B, "buy", 900),
    ]
    assert one.execution is not None
    paid = sum(item.fees for item in one.execution.orders)
    assert one.execution.fees == pytest.approx(paid)
    assert one.worth(5) == pytest.approx(41_000 - paid)


def test_a_blocked_sale_goes_on_and_a_blocked_purchase_is_given_up() -> None:
    """B opens at its lower limit on day 3 and goes the day after; C is locked up and waits once."""
    b = [(10.0, 10.0), (10.0, 10.0), (9.0, 9.0), (9.0, 9.0), (9.0, 9.0), (9.0, 9.0)]
    up = [10.0, 10.0, 11.0, 12.1, 13.31, 14.64]
    panel = market(b=b, c=[(price, price) for price in up])
    chain = made(panel, version([A, B], 0), version([A, C], 2), max_wait=1)
    one = held(panel, chain, max_wait=1)
    assert one.execution is not None
    found = [(o.listing.id, str(o.side), o.session, o.reason) for o in one.execution.orders]
    assert (B, "sell", DAYS[3], "no more in the basket; waited: open at the lower limit") in found
    assert (C, "buy", None, "open at the upper limit") in found
    assert (C, "buy", DAYS[4]) not in [item[:3] for item in found]
    # On paper the sale is not delayed, and the purchase is given up, too.
    level = paper_level(value_panel(panel), chain, settings(max_wait=1), 5)
    np.testing.assert_allclose(level[2:], 0.5 + 0.45)


def test_what_the_account_may_not_buy_waits_and_is_given_up() -> None:
    panel = market()
    lists = [Eligibility(recorded=DAYS[0], spells=((since, None),)) for since in (DAYS[0], DAYS[3])]
    both = np.ones(panel.close.shape, dtype=bool)
    trading = replace(trading_of(panel), northbound=both, eligibility=(lists[0], *lists[::-1]))
    abroad = replace(FREE, plan=Plan(southbound=False, northbound=True))
    chain = made(panel, version([A], 0), version([A, B, C], 1))
    late, never = (
        [
            (item.listing.id, item.session, item.reason)
            for item in held(
                panel, chain, trading=trading, frictions=abroad, max_wait=wait
            ).execution.orders  # type: ignore[union-attr]
            if item.listing.id == B
        ]
        for wait in (2, 1)
    )
    why = "not eligible for northbound trading"
    assert late == [(B, DAYS[3], f"waited: {why}")]
    assert never == [(B, None, f"{why}; buyable for you since {DAYS[3]}")]


def test_chains_of_one_account_share_the_volume_of_a_name_whatever_their_order() -> None:
    """10 % of 5,000 shares: the first basket by name buys 300, of which 200 are left to the other.

    Impact is 100 basis points times the root of the account's part of the volume.
    """
    panel = market()
    first, second = (
        made(panel, (replace(event, basket=name), entries))
        for name in ("a", "b")
        for event, entries in [version([A], 0)]
    )
    frictions = Frictions(participation=0.1, impact_bps=100.0, commission=False, levies=False)
    asked = replace(settings(frictions), capitals=(7_000.0,))
    trading = trading_of(panel, volume=5_000.0)
    told = {
        one.event.basket: orders(one) for one in followed_chains(trading, [first, second], asked)
    }
    assert [(item[3], item[4]) for name in "ab" for item in told[name]] == [
        (300, pytest.approx(10 * (1 + 0.01 * 0.06**0.5))),
        (200, pytest.approx(10 * (1 + 0.01 * 0.1**0.5))),
    ]
    assert told == {
        one.event.basket: orders(one) for one in followed_chains(trading, [second, first], asked)
    }


def test_the_order_of_the_versions_is_irrelevant_and_one_version_is_bought_and_held() -> None:
    panel = market(a=RISING, b=FALLING)
    versions = [version([A, B], 0), version([A, C], 2), version([B, C], 4)]
    first, second = (held(panel, made(panel, *some)) for some in (versions, versions[::-1]))
    assert first.execution == second.execution
    alone = made(panel, versions[0])
    level = paper_level(value_panel(panel), alone, settings(), 5)
    np.testing.assert_allclose(
        level, np.mean([[c for _, c in RISING], [c for _, c in FALLING]], 0) / 10
    )


def test_later_sessions_and_versions_change_no_earlier_value() -> None:
    names = [A, B, C, "000006.SZ"]
    days = sessions(SZ, date(2026, 3, 2), 60)
    for seed in range(12):
        dice = random.Random(seed)
        bars = {}
        for name in names:
            price, own = 10.0, []
            for _ in days:
                opened = round(price * (1 + dice.uniform(-0.05, 0.05)), 2)
                price = round(price * (1 + dice.uniform(-0.1, 0.1)), 2)
                own.append(None if dice.random() < 0.03 else (opened, price))
            bars[name] = bars_of(SZ, days[0], own)
        rows = sorted(dice.sample(range(1, 55), 4))
        versions = []
        for at in rows:
            event = event_of(dice.sample(names, dice.randint(1, 4)), days[at - 1])
            versions.append((replace(event, report=f"V{at:02}"), ((SZ, days[at]),)))
        cut = dice.randint(rows[0] + 1, 58)
        short = {
            name: {day: bar for day, bar in own.items() if day <= days[cut]}
            for name, own in bars.items()
        }
        levels, worths = [], []
        for some in (short, bars):
            panel = panel_of(some, start=days[0])
            chain = made(panel, *(v for v in versions if v[1][0][1] in panel.sessions))
            one = held(panel, chain, money=1e6, trading=trading_of(panel), frictions=Frictions())
            known = panel.row_after(max(min(max(own) for own in short.values()), days[rows[0]]))
            at = np.arange(chain.first_row, known)
            levels.append(paper_level(value_panel(panel), chain, settings(), known - 1))
            worths.append(one.worths(at))
        np.testing.assert_allclose(levels[0], levels[1], rtol=1e-12)
        np.testing.assert_allclose(worths[0], worths[1], rtol=1e-12)
