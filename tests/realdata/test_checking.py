"""The shipped cards' claims against the real prices beside the project."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from screener.data.lake.schema import Basis
from screener.data.lake.store import Store
from screener.data.sources.files import FileSource, ImportKind, ImportRequest
from screener.domain.report import Report
from screener.workflows.report.check import ClaimState, check_claims
from screener.workflows.report.check_values import shares_digits
from screener.workspace.cards.reading import read_card

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"

pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is not there"),
]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    source = FileSource()
    request = ImportRequest(
        paths=(DATA / "bars" / "seed_names.csv",),
        kind=ImportKind.BARS,
        basis=Basis.ADJUSTED,
        fetched_at=datetime(2026, 7, 20, tzinfo=UTC),
        today=date(2026, 7, 20),
    )
    query = source.build_query(request)
    with Store.create(tmp_path_factory.mktemp("real")) as opened:
        opened.commit(source.normalise(query, source.fetch(query)), message="bars")
        yield opened


def card(name: str) -> Report:
    return read_card(ROOT / "seeds" / f"{name}.toml", root=ROOT)


def test_weekly_moves_agree_to_two_decimals(store: Store) -> None:
    rows = [row for row in check_claims(store, card("R3")).rows if row.claim.listing]
    assert len(rows) == 10
    for row in rows:
        assert row.verdict is ClaimState.AGREES, row.reason
        assert row.found is not None
        assert f"{row.found:.2%}" == f"{row.claim.value:.2%}"
        assert shares_digits(row.claim.measure)


def test_prices_of_the_shipped_card_agree(store: Store) -> None:
    rows = [row for row in check_claims(store, card("R5")).rows if row.claim.measure == "price"]
    assert [row.verdict for row in rows] == [ClaimState.AGREES] * 3


def test_a_price_claimed_for_the_day_of_the_table_is_traced(store: Store) -> None:
    report = card("R5")
    claims = tuple(
        replace(claim, as_of="2026-04-28", remark="") if claim.measure == "price" else claim
        for claim in report.claims
    )
    rows = [
        row
        for row in check_claims(store, replace(report, claims=claims)).rows
        if row.claim.measure == "price"
    ]
    assert [row.verdict for row in rows] == [
        ClaimState.DIFFERS,
        ClaimState.AGREES,
        ClaimState.AGREES,
    ]
    assert rows[0].found == pytest.approx(261.0)
    assert rows[0].reason == "not the close of 2026-04-28 (261) but of 2026-04-24"
    result = check_claims(store, report)
    assert sum("adjusted" in remark for remark in result.remarks) == 1
