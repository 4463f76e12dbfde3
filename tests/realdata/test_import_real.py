"""Every real file beside the project imports, with the counts that its own rows say."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow.compute as pc
import pytest

from screener.data.lake.batch import Batch
from screener.data.lake.schema import Basis, TableName
from screener.data.sources.files import FileSource, ImportKind, ImportRequest
from screener.domain.listing import Exchange, Listing

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"

pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is not there"),
]


def imported(*names: str, kind: ImportKind, **options: object) -> Batch:
    request = ImportRequest(
        paths=tuple(DATA / name for name in names),
        kind=kind,
        fetched_at=datetime(2026, 7, 20, tzinfo=UTC),
        today=date(2026, 7, 20),
        **options,
    )
    source = FileSource()
    query = source.build_query(request)
    return source.normalise(query, source.fetch(query))


def counts(batch: Batch) -> dict[str, int]:
    return {str(name): table.num_rows for name, table in batch.tables.items()}


def test_seed_names() -> None:
    batch = imported("bars/seed_names.csv", kind=ImportKind.BARS, basis=Basis.ADJUSTED)
    assert counts(batch) == {"bars": 20_104, "status": 62}
    assert batch.rejects == ()
    bars = batch.tables[TableName.BARS]
    chosen = bars.filter(
        (pc.field("listing") == "301396.SZ") & (pc.field("session") == date(2026, 4, 28))
    )
    assert chosen.column("close").to_pylist() == [pytest.approx(335.99, abs=0.005)]


def test_adjusted_seed_names_called_raw_are_asked_about() -> None:
    batch = imported("bars/seed_names.csv", kind=ImportKind.BARS, basis=Basis.RAW)
    assert any("--basis adjusted" in line for line in batch.remarks)


def test_whole_market_in_seconds() -> None:
    start = time.perf_counter()
    batch = imported("bars/a_share_market.parquet", kind=ImportKind.BARS, basis=Basis.ADJUSTED)
    assert time.perf_counter() - start < 15  # about 2 s alone on two cores
    assert counts(batch) == {"bars": 1_941_922, "status": 4_013}
    assert batch.rejects == ()


def test_hong_kong_files_by_their_names() -> None:
    files = sorted(path.relative_to(DATA).as_posix() for path in DATA.glob("bars/hk/*.csv"))
    batch = imported(*files, kind=ImportKind.BARS, basis=Basis.ADJUSTED)
    assert len(files) == 8
    # 6 files of 224 rows, one of 323, one of 53; one row's open is 0.4 % above its high.
    assert counts(batch) == {"bars": 1_719}
    assert [(item.file, item.line, item.reason) for item in batch.rejects] == [
        ("1258.HK.csv", 101, "open is outside low and high")
    ]
    assert set(batch.tables[TableName.BARS].column("listing").to_pylist()) == {
        *("00700.HK", "02513.HK", "01208.HK", "01258.HK"),
        *("09988.HK", "03896.HK", "02899.HK", "03993.HK"),
    }


@pytest.mark.parametrize(
    ("name", "listing", "rows", "currency"),
    [
        ("index/csi300.csv", Listing("000300", Exchange.SH), 393, "CNY"),
        ("index/hsi.csv", Listing("HSI", Exchange.HK), 364, "HKD"),
    ],
)
def test_indices(name: str, listing: Listing, rows: int, currency: str) -> None:
    batch = imported(name, kind=ImportKind.INDEX, listing=listing)
    assert counts(batch) == {"bars": rows, "listings": 1}
    assert batch.rejects == ()
    (row,) = batch.tables[TableName.LISTINGS].to_pylist()
    assert (row["listing"], row["kind"], row["currency"]) == (listing.id, "index", currency)
    assert row["return_basis"] == "price"


def test_valuation_snapshot() -> None:
    batch = imported("valuation/a_share_2026-05-27.csv", kind=ImportKind.VALUATION)
    assert counts(batch) == {"valuation": 6_000}
    assert batch.rejects == ()
    (row,) = (
        batch.tables[TableName.VALUATION]
        .filter((pc.field("listing") == "000001.SZ") & (pc.field("session") == date(2026, 5, 27)))
        .to_pylist()
    )
    assert row["market_cap"] == pytest.approx(208_807_679_810)  # a bank of 209 billion yuan
    assert (row["pe_static"], row["pb"], row["pe_ttm"]) == (4.8978, 0.4499, None)


def test_mainland_master() -> None:
    name = "securities/a_share_2026-05.csv"
    batch = imported(name, kind=ImportKind.LISTINGS, as_of=date(2026, 5, 25))
    assert counts(batch) == {"listings": 5_524, "names": 5_524}
    assert batch.rejects == ()


def test_hong_kong_master() -> None:
    batch = imported("securities/hk.csv", kind=ImportKind.LISTINGS)
    # 3,257 rows, 6 of them warrants; 136 of the rest without a Chinese name, 22 without a lot.
    assert counts(batch) == {"listings": 3_251, "names": 3_115, "board_lots": 3_229}
    assert {item.reason for item in batch.rejects} == {"its type is no stock, fund or index"}
    assert len(batch.rejects) == 6


def test_delisted() -> None:
    batch = imported("securities/a_share_delisted.csv", kind=ImportKind.LISTINGS)
    assert counts(batch) == {"listings": 35, "names": 35}
    assert batch.tables[TableName.LISTINGS].column("delist_date").null_count == 0


@pytest.mark.parametrize(
    ("name", "snapshots", "stored"),
    [
        ("securities/hk_name_snapshots.csv", 9_882, 4_709),
        ("securities/a_share_name_snapshots.csv", 21_809, 6_042),
    ],
)
def test_name_snapshots(name: str, snapshots: int, stored: int) -> None:
    batch = imported(name, kind=ImportKind.NAMES)
    assert counts(batch) == {"names": stored}
    assert batch.rejects == ()
    assert any(line.startswith(f"{snapshots - stored} rows give") for line in batch.remarks)


def test_exchange_rates() -> None:
    batch = imported("fx/hkdcny.csv", kind=ImportKind.FX)
    assert counts(batch) == {"fx": 379}
    assert batch.rejects == ()
