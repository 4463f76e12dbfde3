"""What the program says of windows, held against what the oracle says.

Usage: python -m tests.oracle.readme_compare WORKSPACE WINDOWS SEED [texts], where `texts` asks for
what the texts say even where the program is known to depart from them.
"""

from __future__ import annotations

import math
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from tests.oracle import readme_oracle as oracle
from tests.oracle import readme_tables as tables
from tests.oracle import readme_windows as windows

PAPER = 1e-9
CENT = 0.005 + 1e-9
Line = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that the program and the oracle say differently of one window."""

    window: str
    what: str
    program: object
    oracle: object


def compare(
    store: tables.Tables,
    group: windows.Group,
    told: windows.Told,
    conduct: oracle.Conduct = oracle.PROGRAM,
) -> tuple[int, list[Difference]]:
    """Return how many windows were compared, and every difference."""
    named = {item.name: item for item in group.baskets}
    found: list[Difference] = []
    ledgers: dict[tuple[str, int, float], list[Line]] = {}
    for line in told.ledger.to_dict("records"):
        key = (line["basket"], int(line["horizon"]), float(line["capital"]))
        ledgers.setdefault(key, []).append(line)
    for row in told.rows.to_dict("records"):
        basket = named[row["basket"]]
        measured = oracle.measure(
            store,
            basket.listings,
            basket.published,
            int(row["horizon"]),
            int(row["capital"]),
            conduct,
        )
        window = (
            f"{basket.name} hold {row['horizon']} capital {row['capital']:.0f} published"
            f" {basket.published.isoformat()} of {','.join(basket.listings)}"
        )
        lines = ledgers.get((basket.name, int(row["horizon"]), float(row["capital"])), [])
        told_of = [*_differences(row, measured), *_orders(lines, measured)]
        if measured.traded is not None and row["status"] == "mature":
            told_of += _from_the_ledger(lines, row, measured)
        for what, program, ours in told_of:
            found.append(Difference(window=window, what=what, program=program, oracle=ours))
    return len(told.rows), found


def _differences(
    row: dict[str, object], measured: oracle.Measured
) -> list[tuple[str, object, object]]:
    capital = float(str(row["capital"]))
    exact: list[tuple[str, object, object]] = [
        ("status", row["status"], measured.status),
        ("n_held", row["n_held"], sum(item.bought is not None for item in measured.names)),
        ("n_waiting", row["n_waiting"], measured.waiting),
        ("entry_session", row["entry_session"], str(measured.entry)),
        ("exit_session", _empty(row["exit_session"]), _text(measured.exit)),
        ("sessions_held", _empty(row["sessions_held"]), measured.sessions),
    ]
    near = [
        ("paper_return", row["paper_return"], measured.paper, PAPER),
        ("benchmark_return", row["benchmark_return"], measured.benchmark, PAPER),
        ("executable_return", row["executable_return"], measured.traded, CENT / capital),
        (
            "fees",
            row["fees"],
            measured.fees if measured.orders or measured.traded is not None else None,
            CENT,
        ),
    ]
    found = [item for item in exact if item[1] != item[2]]
    for what, program, ours, tolerance in near:
        first, second = float(str(program)), math.nan if ours is None else float(ours)
        if math.isnan(first) != math.isnan(second) or abs(first - second) > tolerance:
            found.append((what, first, second))
    return found


def _orders(lines: list[Line], measured: oracle.Measured) -> list[tuple[str, object, object]]:
    """Hold every filled order against the oracle's: session, shares, price and charges."""
    filled = [
        line
        for line in lines
        if line["side"] in {"buy", "sell"} and line["session"] == line["session"]
    ]
    program = {_key(line["listing"], line["side"], line["session"]): line for line in filled}
    ours = {_key(item.listing, item.side, item.session): item for item in measured.orders}
    if program.keys() != ours.keys():
        return [
            ("orders", sorted(program.keys() - ours.keys()), sorted(ours.keys() - program.keys()))
        ]
    found: list[tuple[str, object, object]] = []
    for key, line in program.items():
        order = ours[key]
        said = [_number(line["shares"]), _number(line["price"]), _number(line["fees"]) * _fx(line)]
        here = [float(order.shares), float(order.price), float(order.fees * order.fx)]
        if any(abs(first - second) > 1e-6 for first, second in zip(said, here, strict=True)):
            found.append((f"order {key}", said, here))
    return found


def _from_the_ledger(
    lines: list[Line], row: dict[str, object], measured: oracle.Measured
) -> list[tuple[str, object, object]]:
    """Tell where the ledger's rows do not add up to the return with money.

    A ledger without rows for dividends and their tax cannot add up where there were any.
    """
    if not any("fx" in line for line in lines) and measured.entitled:
        return []
    gained, capital = sum(_gain(line) for line in lines), float(str(row["capital"]))
    said = float(str(row["executable_return"]))
    if abs(gained - said * capital) > CENT:
        return [("return by the ledger", said, gained / capital)]
    return []


_SIGNS = {"buy": -1, "rights": -1, "dividend tax": -1, "sell": 1, "dividend": 1}


def _gain(line: Line) -> float:
    """Return what a row of the ledger adds to the money, in CNY."""
    sign = _SIGNS.get(str(line["side"]), 0)
    return (sign * _number(line["amount"]) - _number(line["fees"])) * _fx(line)


def _fx(line: Line) -> float:
    """Return CNY for one unit of a row's money; without such a column all is told in CNY."""
    return _number(line["fx"]) if "fx" in line else 1.0


def _number(value: object) -> float:
    return 0.0 if pd.isna(value) else float(str(value))


def _key(*parts: object) -> tuple[str, ...]:
    return tuple(str(part) for part in parts)


def _empty(value: object) -> object:
    return None if pd.isna(value) else value


def _text(day: date | None) -> str | None:
    return None if day is None else str(day)


def export(program: windows.Program, workspace: Path, folder: Path) -> Path:
    """Write the tables of a workspace with the program, unless it was done before."""
    if not folder.is_dir():
        program(["data", "export", str(folder), "--workspace", str(workspace)])
    return folder


def whole(
    program: windows.Program,
    workspace: Path,
    scratch: Path,
    *,
    n_windows: int,
    seed: int,
    pool: Sequence[str] = (),
    per_group: int = 25,
    conduct: oracle.Conduct = oracle.PROGRAM,
) -> tuple[int, list[Difference], pd.DataFrame]:
    """Draw windows of a workspace, run them and compare; return the rows, too."""
    folder = export(program, workspace, scratch / "tables")
    frame = windows.what_there_is(folder)
    drawn = windows.groups(
        seed,
        pool or frame.pool,
        frame.first,
        frame.last,
        n_windows=n_windows,
        per_group=per_group,
        favoured=frame.favoured,
    )
    store = tables.read(
        folder, {item for group in drawn for basket in group.baskets for item in basket.listings}
    )
    count, found, rows = 0, list[Difference](), []
    for group in drawn:
        told = windows.run(program, workspace, group, scratch)
        number, differences = compare(store, group, told, conduct)
        count, found = count + number, found + differences
        rows.append(told.rows)
    return count, found, pd.concat(rows)


def main() -> None:
    """Compare and print; the exit code says whether all agrees."""
    workspace, n_windows, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    beside = Path(sys.executable).parent / "screener"
    program = windows.command_line(Path(os.environ.get("SCREENER_ORACLE_PROGRAM", beside)))
    conduct = oracle.Conduct() if "texts" in sys.argv else oracle.PROGRAM
    with tempfile.TemporaryDirectory() as scratch:
        count, found, rows = whole(
            program, workspace, Path(scratch), n_windows=n_windows, seed=seed, conduct=conduct
        )
    for item in found:
        print(f"{item.window}\n    {item.what}: {item.program} by the program, {item.oracle} here")
    print(f"{count} windows, {len({item.window for item in found})} differ")
    print(rows["status"].value_counts().to_string())
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
