"""Former names: what the masters of the real data tell of them agrees with the table."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from screener.reports.securities.name_marks import plain_name
from screener.reports.text.text import clean_name
from screener.reports.text.vocabulary import read_table

SECURITIES = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "securities"

pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not SECURITIES.is_dir(), reason="../shared/data is not there"),
]


def rows(name: str) -> list[dict[str, str]]:
    with (SECURITIES / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_masters_agree_with_the_table() -> None:
    table = read_table("renames")["renamed"]
    borne = {
        *((row["ts_code"], row["name"]) for row in rows("a_share_name_snapshots")),
        *((f"{row['code']}.HK", row["name_zh_hans"]) for row in rows("hk_name_snapshots")),
    }
    later = {plain_name(name).name for _, name in borne}
    listed = {row["ts_code"]: row["list_date"] for row in rows("a_share_2026-05")}
    known = {listing for listing, _ in borne}
    assert len(table) > 300
    for name, change in table.items():
        assert change["listing"] in known, name
        assert clean_name(name) not in later, f"{name} is borne when it is given up"
        begun = listed.get(change["listing"])
        assert not begun or change["year"] >= int(begun[:4]), f"{name} is older than its listing"
