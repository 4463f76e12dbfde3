"""What was gained by the rows of a ledger alone: nothing of the program is used."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping

Key = tuple[str, str, int, float]
"""Basket, report, horizon and capital."""

_SIGN = {"buy": -1, "sell": 1, "dividend": 1, "dividend tax": -1, "rights": -1}


def gains(text: str) -> dict[Key, float]:
    """Add up amounts, fees and rates of a ledger in CSV; CNY by event, horizon and capital."""
    found: dict[Key, float] = {}
    for row in csv.DictReader(io.StringIO(text)):
        key = (row["basket"], row["report"], int(row["horizon"]), float(row["capital"]))
        found[key] = found.get(key, 0.0) + _gain(row)
    return found


def charges(text: str) -> dict[Key, float]:
    """Add up fees and taxes of a ledger in CSV; CNY by event, horizon and capital."""
    found: dict[Key, float] = {}
    for row in csv.DictReader(io.StringIO(text)):
        key = (row["basket"], row["report"], int(row["horizon"]), float(row["capital"]))
        tax = _number(row["amount"]) if row["side"] == "dividend tax" else 0.0
        paid = (_number(row["fees"]) + tax) * _number(row["fx"])
        found[key] = found.get(key, 0.0) + paid
    return found


def faults(text: str) -> list[str]:
    """Tell where a row is not what its own columns say, or a conversion is missing."""
    found, foreign, changed = [], 0.0, 0.0
    for number, row in enumerate(csv.DictReader(io.StringIO(text)), start=2):
        if row["side"] == "fx":
            changed += _number(row["amount"])
            if row["currency"] != "CNY" or row["cash_cny"]:
                found.append(f"line {number}: a conversion is told in CNY, and adds nothing")
            continue
        gain = _gain(row)
        foreign += abs(gain) if row["currency"] != "CNY" else 0.0
        if abs(gain - _number(row["cash_cny"])) > 1e-4:
            found.append(f"line {number}: {row['cash_cny']} is not {gain}")
        shares, price = _number(row["shares"]), _number(row["price"])
        if row["amount"] and price and abs(shares * price / _number(row["amount"]) - 1) > 1e-6:
            found.append(f"line {number}: {row['amount']} is not shares by price")
    if abs(foreign - changed) > 1e-3:
        found.append(f"{foreign} CNY came from or went abroad, {changed} were changed")
    return found


def _gain(row: Mapping[str, str]) -> float:
    if not row["fx"]:
        return 0.0
    return (_SIGN[row["side"]] * _number(row["amount"]) - _number(row["fees"])) * float(row["fx"])


def _number(text: str) -> float:
    return float(text) if text else 0.0
