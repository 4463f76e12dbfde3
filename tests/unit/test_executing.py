"""The executable path against figures worked by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest

from screener.backtest import attribution
from screener.backtest.attribution import FRICTION_STEPS
from screener.backtest.decision import TOGETHER
from screener.backtest.execution.shares import Outcome
from screener.backtest.frictions import Entitlement, Frictions, OrderStatus, Rights
from screener.backtest.run import EventResult, Settings, run_backtest
from screener.domain.basket import Rebalance
from screener.domain.listing import Exchange
from screener.domain.panel import PricePanel, TradingPanel
from screener.errors import InputError
from screener.market.calendars import calendar_of
from screener.market.charges import Plan
from screener.paths.known import entry_choices
from screener.paths.windows import Window
from screener.results.backtest import SHORTFALL
from screener.results.tables import fits
from screener.workflows.backtest.requests import BacktestRequest
from screener.workflows.backtest.rows import shortfall_rows
from screener.workflows.backtest.run import BacktestRun
from tests.support.panels import bars_of, event_of, panel_of

SZ, HK = Exchange.SZ, Exchange.HK
DAY = date(2026, 5, 14)
RISING = [(10.0, 10.0), (10.0, 10.5), (10.6, 11.0), (11.0, 11.5), (11.4, 12.0)]


def trading_of(panel: PricePanel, **given: float | np.ndarray) -> TradingPanel:
    shape = panel.close.shape
    bars = np.isfinite(panel.close)
    fields = {
        "volume": np.where(bars, 1e9, np.nan),
        "amount": np.full(shape, np.nan),
        "share_ratio": np.ones(shape),
        "dividend": np.zeros(shape),
        "board_lot": np.full(shape, np.nan),
        "rights": np.zeros(shape),
        "rights_price": np.zeros(shape),
    }
    for name, value in given.items():
        fields[name] = np.broadcast_to(np.asarray(value, dtype=float), shape).copy()
    return TradingPanel(prices=panel, **fields)


def run(
    panel: PricePanel,
    trading: TradingPanel,
    *,
    frictions: Frictions | None = None,
    **settings: object,
) -> tuple[EventResult, ...]:
    event = event_of([listing.id for listing in panel.listings], DAY)
    exchanges = [member.listing.exchange for member in event.members]
    choices = entry_choices(event.published, exchanges, calendar_of)
    options = {"horizons": (3,), "capitals": (10_000.0,), **settings}
    asked = Settings(frictions=frictions or Frictions(), **options)  # type: ignore[arg-type]
    return run_backtest(panel, [(event, choices)], asked, lambda *_: None, trading)


def test_whole_lots_and_the_charges_of_the_day() -> None:
    panel = panel_of({"300857.SZ": bars_of(SZ, DAY, RISING)})
    (found,) = run(panel, trading_of(panel))
    # 900 x 10.00: commission 5 (0.025 % is 2.25), transfer 0.001 % is 0.09; 994.91 left
    # 900 x 11.50: commission 5, stamp duty 0.05 % is 5.175, transfer 0.1035: 10.28
    bought, sold = found.orders
    assert (bought.shares, bought.price, bought.fees) == (900, 10.0, pytest.approx(5.09))
    assert (sold.shares, sold.price, sold.fees) == (900, 11.5, pytest.approx(10.28))
    assert found.executable_return == pytest.approx(
        (994.91 + 10_350 - 10.28) / 10_000 - 1, abs=1e-12
    )
    assert found.fees == pytest.approx(15.37)
    closes = [994.91 + 900 * 10.5, 994.91 + 900 * 11.0, 994.91 + 10_350 - 10.28]
    assert found.traded_path == pytest.approx(np.array(closes) / 10_000, abs=1e-12)


def test_a_dividend_is_cash_less_the_tax_of_a_short_holding() -> None:
    panel = panel_of({"300857.SZ": bars_of(SZ, DAY, RISING)})
    dividend = np.zeros(panel.close.shape)
    dividend[panel.row(DAY) + 3] = 0.4  # ex on the second day after the purchase
    (found,) = run(panel, trading_of(panel, dividend=dividend))
    # 900 x 0.4 = 360 before tax, 20 % for less than a month: 72
    plain = (994.91 + 10_350 - 10.28) / 10_000 - 1
    assert found.executable_return == pytest.approx(plain + (360 - 72) / 10_000, abs=1e-12)


def test_a_hong_kong_account_has_a_tenth_of_a_mainland_dividend_withheld_when_it_is_paid() -> None:
    panel = panel_of({"300857.SZ": bars_of(SZ, DAY, RISING)})
    dividend = np.zeros(panel.close.shape)
    dividend[panel.row(DAY) + 2] = 0.4  # ex on the day after the purchase
    abroad = Frictions(plan=Plan(southbound=False, northbound=True))
    (found,) = run(panel, trading_of(panel, dividend=dividend), frictions=abroad)
    closes = [994.91 + 9_450, 994.91 + 9_900 + 324, 994.91 + 10_350 - 10.28 + 324]
    assert found.traded_path == pytest.approx(np.array(closes) / 10_000, abs=1e-12)
    (tax,) = [line for line in found.lines if getattr(line, "kind", "") == "dividend tax"]
    assert (tax.amount, tax.row) == (pytest.approx(36.0), panel.row(DAY) + 2)
    assert tax.reason == "10% of the dividend withheld"


def test_a_dividend_is_money_from_its_ex_date_on_and_its_tax_due_with_the_sale() -> None:
    panel = panel_of({"300857.SZ": bars_of(SZ, DAY, RISING)})
    dividend = np.zeros(panel.close.shape)
    dividend[panel.row(DAY) + 2] = 0.4  # ex on the day after the purchase
    (found,) = run(panel, trading_of(panel, dividend=dividend))
    closes = [994.91 + 9_450, 994.91 + 9_900 + 360, 994.91 + 10_350 - 10.28 + 360 - 72]
    assert found.traded_path == pytest.approx(np.array(closes) / 10_000, abs=1e-12)


def test_a_split_multiplies_the_shares() -> None:
    halved = [(10.0, 10.0), (10.0, 10.5), (5.3, 5.5), (5.5, 5.75), (5.7, 6.0)]
    panel = panel_of({"300857.SZ": bars_of(SZ, DAY, halved)})
    factors = np.ones(panel.close.shape)
    ratio = np.ones(panel.close.shape)
    at = panel.row(DAY) + 2
    factors[at:], ratio[at] = 2.0, 2.0
    split = replace(panel, factor=factors)
    (found,) = run(split, trading_of(split, share_ratio=ratio))
    assert [order.shares for order in found.orders] == [900, 1800]
    assert found.orders[1].amount == pytest.approx(10_350)


BEFORE = [(10.0, 10.0), (10.0, 10.0), (10.0, 10.0), (9.0, 9.0), (9.0, 9.9), (9.9, 9.9)]


def offered(**frictions: Rights) -> EventResult:
    """One new share at 6.00 for each three held, on the second day after the purchase."""
    panel = panel_of({"300857.SZ": bars_of(SZ, DAY, BEFORE)})
    at = panel.row(DAY) + 3
    factors, rights, price = (np.zeros(panel.close.shape) for _ in range(3))
    factors[:at], factors[at:] = 1.0, 10.0 / 9.0  # (10 + 6 / 3) / (4 / 3) = 9
    rights[at], price[at] = 1 / 3, 6.0
    panel = replace(panel, factor=factors)
    free = Frictions(commission=False, levies=False, participation=None, **frictions)
    (found,) = run(
        panel,
        trading_of(panel, rights=rights, rights_price=price),
        frictions=free,
        horizons=(4,),
        capitals=(9_050.0,),
    )
    return found


def test_rights_are_taken_up_on_both_paths_and_have_a_row_and_a_step() -> None:
    found = offered()
    # 900 x 10 leave 50; 300 x 6 = 1,800 for the rights, of which 1,750 come from outside; 1,200
    # shares at 9.90 are 11,880: 11,880 - 9,000 - 1,800 = 1,080. Paper: 9.9 / 9 - 1 = 10 %.
    assert found.paper_return == pytest.approx(0.1, abs=1e-12)
    assert found.executable_return == pytest.approx(1_080 / 9_050, abs=1e-12)
    bought, taken, sold = found.lines
    assert (bought.shares, sold.shares) == (900, pytest.approx(1_200))
    assert isinstance(taken, Entitlement)
    assert (taken.kind, taken.shares, taken.price) == ("rights", pytest.approx(300), 6.0)
    assert taken.cash == pytest.approx(-1_800)
    assert "taken up" in taken.reason
    assert "1,750.00 CNY of it paid in from outside" in taken.reason
    # 50 and 900 x 10, with the rights 1,200 x 9 less the 1,750 from outside
    assert found.traded_path == pytest.approx([1, 1, 1, 1 + 1_080 / 9_050], abs=1e-12)
    gap = dict(found.shortfall)
    # As on paper 1,000 shares of 9.90 would be held: 9,900 - 9,000 = 900.
    assert gap["rights"] == pytest.approx((1_080 - 900) / 9_050, abs=1e-12)
    assert gap["lots and cash"] == pytest.approx(900 / 9_050 - 0.1, abs=1e-12)


def test_the_rows_of_the_shortfall_by_hand() -> None:
    found = offered()
    run = BacktestRun(
        request=BacktestRequest(events=(found.window.event,), settings=Settings(horizons=(4,))),
        results=(found,),
        price_basis=("raw",),
        data_version=1,
        run_id="0" * 12,
        simulated=False,
        remarks=(),
    )
    rows = shortfall_rows(run)
    assert not fits(SHORTFALL, rows)
    assert [row["step"] for row in rows] == [TOGETHER, "delay", *FRICTION_STEPS]
    # Known at 10.00 the evening before, bought at 10.00, 9.9 / 9 at the end on paper.
    # 9,900 - 9,000 = 900 as on paper with whole lots; 180 more for the rights from outside.
    taken = [0.1, 0.0, 0.0, 900 / 9_050 - 0.1, 180 / 9_050, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    assert [row["effect"] for row in rows] == pytest.approx(taken, abs=1e-12)
    assert [row["reached"] for row in rows] == pytest.approx(np.cumsum(taken), abs=1e-12)
    keys = ("basket", "report", "horizon", "capital", "run_id")
    assert {tuple(row[key] for key in keys) for row in rows} == {
        ("test", "T1", 4, 9_050.0, "0" * 12)
    }


def test_rights_that_lapse_are_told_and_what_that_costs() -> None:
    found = offered(rights=Rights.LAPSE)
    assert found.executable_return == pytest.approx((8_910 - 9_000) / 9_050, abs=1e-12)
    _, lapsed, sold = found.lines
    assert sold.shares == 900
    assert (lapsed.status, lapsed.cash) == (OrderStatus.LAPSED, 0.0)
    assert lapsed.reason.startswith("rights not taken up")
    assert dict(found.shortfall)["rights"] == pytest.approx((8_910 - 9_900) / 9_050, abs=1e-12)


def test_rights_of_a_rebalanced_basket_come_out_of_its_one_purse() -> None:
    """Another name is sold down to pay back what was paid in: nothing is left over at the end."""
    flat = [(10.0, 10.0)] * 12
    halved = [*flat[:4], *[(8.0, 8.0)] * 8]  # one for one at 6: (10 + 6) / 2 = 8
    panel = panel_of({"300857.SZ": bars_of(SZ, DAY, halved), "002428.SZ": bars_of(SZ, DAY, flat)})
    rights, price = np.zeros(panel.close.shape), np.zeros(panel.close.shape)
    at = panel.row(DAY) + 4
    rights[at:, 0], price[at, 0] = 0.0, 6.0
    rights[at, 0] = 1.0
    factors = np.ones(panel.close.shape)
    factors[at:, 0] = 10.0 / 8.0
    panel = replace(panel, factor=factors)
    free = Frictions(commission=False, levies=False, participation=None)
    (found,) = run(
        panel,
        trading_of(panel, rights=rights, rights_price=price),
        frictions=free,
        horizons=(8,),
        capitals=(100_000.0,),
        rebalance=Rebalance.DAILY,
    )
    assert found.paper_return == pytest.approx(0, abs=1e-9)
    assert found.executable_return == pytest.approx(0, abs=1e-9)
    assert [line.cash for line in found.lines if isinstance(line, Entitlement)] == [-30_000.0]


def test_an_order_takes_its_share_of_the_volume_and_sells_over_days() -> None:
    panel = panel_of({"300857.SZ": bars_of(SZ, DAY, RISING)})
    volume = np.full(panel.close.shape, 8_000.0)
    volume[panel.row(DAY) + 3] = 3_000.0  # the scheduled exit takes 300 of 800
    (found,) = run(panel, trading_of(panel, volume=volume))
    bought, first, second = found.orders
    assert (bought.shares, bought.status) == (800, OrderStatus.PARTIAL)
    assert "10% of the volume" in bought.reason
    assert [(order.shares, order.price) for order in (first, second)] == [(300, 11.5), (500, 12.0)]
    assert (first.status, second.status) == (OrderStatus.PARTIAL, OrderStatus.FILLED)


def test_money_below_one_lot_stays_cash() -> None:
    panel = panel_of({"300857.SZ": bars_of(SZ, DAY, RISING)})
    small, enough = run(panel, trading_of(panel), capitals=(900.0, 2_000.0))
    assert small.orders[0].status is OrderStatus.UNFILLED
    assert small.orders[0].reason == "the money does not reach one lot"
    assert small.executable_return == 0
    assert enough.orders[0].shares == 100


def test_a_hong_kong_name_pays_in_its_currency_and_by_its_board_lot() -> None:
    panel = panel_of({"01208.HK": bars_of(HK, DAY, RISING)}, fx=0.9)
    (found,) = run(panel, trading_of(panel, board_lot=400.0))
    # 11,111.11 HKD buy 2 lots: 8,000; commission 5, stamp 8, SFC 0.22, AFRC 0.01, trading fee 0.45,
    # settlement 0.34
    bought = found.orders[0]
    assert bought.shares == 800
    assert bought.fees / 0.9 == pytest.approx(5 + 8 + 0.22 + 0.01 + 0.45 + 0.34)


def test_a_missing_board_lot_is_told_and_leaves_the_return_undefined() -> None:
    panel = panel_of({"01208.HK": bars_of(HK, DAY, RISING)}, fx=0.9)
    (found,) = run(panel, trading_of(panel))
    assert found.executable_return is None
    assert found.paper_return is not None
    (remark,) = [text for text in found.remarks if "01208.HK" in text]
    assert "no board lot of 01208.HK is known" in remark
    assert "data update --listing 01208.HK" in remark


def test_the_steps_from_paper_to_traded_close() -> None:
    panel = panel_of({"300857.SZ": bars_of(SZ, DAY, RISING), "002428.SZ": bars_of(SZ, DAY, RISING)})
    asked = Frictions(slippage_bps=10, impact_bps=20, participation=0.001)
    for found in run(panel, trading_of(panel), frictions=asked, capitals=(2_500.0, 1e5, 1e7)):
        assert [step for step, _ in found.shortfall] == [TOGETHER, "delay", *FRICTION_STEPS]
        total = sum(part for _, part in found.shortfall)
        assert found.executable_return == pytest.approx(total, abs=1e-10)


def test_without_any_friction_money_does_as_paper() -> None:
    panel = panel_of({"688981.SH": bars_of(Exchange.SH, DAY, RISING)})
    free = Frictions(
        participation=None, commission=False, levies=False, plan=Plan(commission=0, minimum=0)
    )
    (found,) = run(panel, trading_of(panel), frictions=free, capitals=(1e9,))
    assert found.executable_return == pytest.approx(found.paper_return, abs=1e-7)


@pytest.mark.parametrize(
    ("given", "match"),
    [({"participation": 0.0}, "participation"), ({"slippage_bps": -1}, "slippage_bps -1")],
)
def test_bad_frictions_are_refused(given: dict[str, float], match: str) -> None:
    with pytest.raises(InputError, match=match) as info:
        replace(Frictions(), **given)  # type: ignore[arg-type]
    assert info.value.fix


def test_a_spread_takes_nothing_at_all_from_names_in_the_money_s_own_currency() -> None:
    times = {"300857.SZ": 1.0, "300750.SZ": 3.37, "000001.SZ": 0.77}
    bars = {
        name: bars_of(SZ, DAY, [(first * by, last * by) for first, last in RISING])
        for name, by in times.items()
    }
    panel = panel_of(bars)
    capitals = (100_000.0, 300_000.0, 1_000_000.0)
    found = run(panel, trading_of(panel), frictions=Frictions(fx_spread_bps=10), capitals=capitals)
    assert [dict(item.shortfall)["FX"] for item in found] == [0.0, 0.0, 0.0]


def test_a_run_that_another_one_tells_is_not_made_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    panel = panel_of({name: bars_of(SZ, DAY, RISING) for name in ("300857.SZ", "300750.SZ")})
    for volume in (1e9, 4_000.0, 900.0):  # never met, met by the sale or both, by one lot at most
        trading = trading_of(panel, volume=volume)
        with monkeypatch.context() as patch:
            patch.setattr(
                attribution,
                "_executed",
                lambda trading, frictions, windows, capital, _: attribution.execute_all(
                    trading, windows, capital, frictions
                ),
            )
            every = run(panel, trading, horizons=(2, 3), capitals=(10_000.0, 60_000.0))
        counted: list[Window] = []
        told_by = attribution.told_by

        def counting(trading: TradingPanel, window: Window, *rest: Any) -> Outcome:
            counted.append(window)  # noqa: B023
            return told_by(trading, window, *rest)  # noqa: B023

        with monkeypatch.context() as patch:
            patch.setattr(attribution, "told_by", counting)
            found = run(panel, trading, horizons=(2, 3), capitals=(10_000.0, 60_000.0))
        for one, other in zip(found, every, strict=True):
            assert dict(one.shortfall) == pytest.approx(dict(other.shortfall), abs=1e-12)
        assert [item.lines for item in found] == [item.lines for item in every]
        capped = any("volume" in line.reason for item in found for line in item.lines)
        assert capped == (volume < 1e9)
        # A run that differs by charges alone is told; one without the bound where it never counts.
        assert (not counted) == (volume == 1e9)
