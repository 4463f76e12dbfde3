"""What `data update` is asked for where a table lacks rows: one answer for every command."""

from __future__ import annotations

from collections.abc import Mapping

from screener.data.lake.schema import TableName

__all__ = ["BENCHMARK", "FETCHED", "update_command"]

BENCHMARK = "benchmark"
"""Stands for the bars of indices, which have no table of their own."""

FETCHED: Mapping[str, str] = {
    TableName.BARS: "bars",
    TableName.ACTIONS: "actions,rights",
    TableName.VALUATION: "valuation",
    TableName.FUNDAMENTALS: "fundamentals",
    TableName.NAMES: "master,renames",
    TableName.BOARD_LOTS: "profile",
    TableName.FX: "fx",
    BENCHMARK: "index_bars",
    TableName.LISTINGS: "master,delisted",
    TableName.STATUS: "suspensions",
    TableName.INDUSTRIES: "industries",
    TableName.ELIGIBILITY: "eligibility",
    TableName.RATINGS: "ratings",
    TableName.ESTIMATES: "ratings",
}
"""Needs by table, in the order in which they are told; factors follow from actions."""


def update_command(table: str) -> str:
    """Return the command that fetches rows of a table.

    Raises
    ------
    KeyError
        If no source has them.
    """
    return f"screener data update --only {FETCHED[table]}"
