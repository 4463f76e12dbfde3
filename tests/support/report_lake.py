"""A workspace whose lake holds the listings of `tests.support.masters`, for reading reports."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from screener.data.lake.batch import Batch
from screener.data.lake.rows import make_rows
from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.domain.listing import parse_listing
from screener.workspace.locate import Workspace
from tests.support.masters import MASTER, Known

__all__ = ["SMALL", "copy_lake", "empty_workspace", "fill_lake"]

SMALL = tuple(row for row in MASTER if row.industry in ("虚构", "算力与云"))
"""Listings enough for most tests; their index of names is made faster."""

_FETCHED_AT = datetime(2026, 6, 1, tzinfo=UTC)


def empty_workspace(root: Path) -> Workspace:
    """Return a new workspace without cards, baskets and data."""
    for folder in ("seeds", "baskets"):
        (root / folder).mkdir(parents=True)
    return Workspace(root=root)


def fill_lake(
    folder: Path,
    master: Iterable[Known] = SMALL,
    closes: Mapping[str, Mapping[date, float]] | None = None,
) -> None:
    """Make a lake of names, and of index closes if any are given.

    Parameters
    ----------
    folder
        Folder of the market data.
    master
        Listings with their names.
    closes
        Close by listing id and session.
    """
    rows = tuple(master)
    named = [(row.listing, since, name) for row in rows for since, name in row.dated()]
    tables: dict[TableName, dict[str, list[Any] | str]] = {
        TableName.LISTINGS: {
            "listing": [row.listing for row in rows],
            "kind": "stock",
            "board": [str(parse_listing(row.listing).board) for row in rows],
            "currency": "CNY",
            "name_en": [row.name_en or None for row in rows],
            "industry": [row.industry for row in rows],
        },
        TableName.NAMES: {
            "listing": [listing for listing, *_ in named],
            "valid_from": [since for _, since, _ in named],
            "name": [name for *_, name in named],
        },
    }
    bars = [
        (listing, session, close)
        for listing, days in (closes or {}).items()
        for session, close in days.items()
    ]
    if bars:
        prices = {name: [close for *_, close in bars] for name in ("open", "high", "low", "close")}
        tables[TableName.BARS] = {
            "listing": [listing for listing, *_ in bars],
            "session": [session for _, session, _ in bars],
            "basis": "raw",
            **prices,
        }
    made = {
        name: make_rows(name, columns, source="test.csv", fetched_at=_FETCHED_AT)
        for name, columns in tables.items()
        if columns["listing"]
    }
    with Store.create(folder) as store:
        store.commit(Batch(tables=made), message="listings")


def copy_lake(source: Path, workspace: Workspace) -> None:
    """Give a workspace a lake that was made before."""
    shutil.copytree(source, workspace.data_cache)
