"""Stock screener and thematic-basket backtester for readers of Chinese broker research.

    import screener

    ws = screener.demo("research")  # or screener.open(...) of a workspace of your own
    found = ws.backtest(["copper"], hold=(5, 20), capital=1e6)
    found.returns  # a DataFrame with the columns of the CSV

See `screener.api`.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from screener.api import Workspace, demo, init, open  # noqa: A004 - as the design names it

__all__ = ["Workspace", "demo", "init", "open"]


def __getattr__(name: str) -> object:
    """Return a part of the API; it is imported when it is first asked for."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from screener import api

    return getattr(api, name)


class _Package(ModuleType):
    def __setattr__(self, name: str, value: object) -> None:
        # Importing the module `screener.demo` would put it in the place of the function.
        if not (name == "demo" and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
