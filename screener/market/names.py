"""What boards and charges are called; tables and files keep their English names."""

from __future__ import annotations

from collections.abc import Callable

from screener.domain.listing import Board
from screener.language import say

__all__ = ["board_name", "charge_name"]

_BOARDS: dict[Board, Callable[[], str]] = {
    Board.MAIN: lambda: say("main"),
    Board.CHINEXT: lambda: say("chinext"),
    Board.STAR: lambda: say("star"),
    Board.BSE: lambda: say("bse"),
    Board.B_SHARE: lambda: say("b_share"),
    Board.FUND: lambda: say("fund"),
    Board.HK: lambda: say("hk"),
    Board.BOND: lambda: say("bond"),
    Board.INDEX: lambda: say("index"),
}
_CHARGES: dict[str, Callable[[], str]] = {
    "AFRC levy": lambda: say("AFRC levy"),
    "SFC levy": lambda: say("SFC levy"),
    "commission": lambda: say("commission"),
    "exchange handling fee": lambda: say("exchange handling fee"),
    "regulatory fee": lambda: say("regulatory fee"),
    "settlement fee": lambda: say("settlement fee"),
    "stamp duty": lambda: say("stamp duty"),
    "stamp duty and transfer fee": lambda: say("stamp duty and transfer fee"),
    "trading fee": lambda: say("trading fee"),
    "trading tariff": lambda: say("trading tariff"),
    "transfer fee": lambda: say("transfer fee"),
}


def board_name(board: Board) -> str:
    """Return what a board is called."""
    return _BOARDS[board]()


def charge_name(name: str) -> str:
    """Return what a charge of the tables is called."""
    return _CHARGES[name]()
