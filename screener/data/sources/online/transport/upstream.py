"""What is assumed of each outside source: functions, hosts, columns, units.

All of it stands in `upstream_tables/`: one TOML file per source, one table per endpoint:

    [bars]
    function = "stock_zh_a_hist_tx"      # akshare's function; `url` for a page of our own
    hosts = ["web.ifzq.gtimg.cn"]
    columns = { session = "date", open = "open" }   # our field = upstream's column
    units = { volume = 100 }             # upstream's number times this is ours

When a source changes, this is the place to correct.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from screener.errors import SourceChanged
from screener.language import say
from screener.language.lists import listed

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Endpoint", "endpoint"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One endpoint of a source.

    Parameters
    ----------
    source, name
        File and table in `upstream_tables/`.
    function, url
        akshare's function, or the address of a page; one of them is empty.
    hosts
        Hosts that it asks.
    columns
        Upstream's column of each field of ours.
    units
        Factor from upstream's unit to ours; 1 where a field is not named.
    extra
        Further keys of the table.
    """

    source: str
    name: str
    function: str
    url: str
    hosts: tuple[str, ...]
    columns: dict[str, str]
    units: dict[str, float]
    extra: dict[str, Any]

    @property
    def place(self) -> str:
        """Where its assumptions are written."""
        return f"sources/online/upstream_tables/{self.source}.toml, [{self.name}]"

    def select(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return the columns of a frame under our names, in our units; extra columns are dropped.

        Raises
        ------
        SourceChanged
            If a column is missing.
        """
        missing = [name for name in self.columns.values() if name not in frame.columns]
        if missing:
            raise SourceChanged(
                say(
                    "{source} no longer sends {missing}; it sends {sent}",
                    source=self.source,
                    missing=listed(missing),
                    sent=listed(frame.columns) or say("no columns"),
                ),
                where=self.function or self.url,
                fix=say(
                    "correct the columns in {file}, or wait for a new release", file=self.place
                ),
            )
        chosen = frame[list(self.columns.values())].copy()
        chosen.columns = list(self.columns)
        for field, factor in self.units.items():
            if factor != 1:
                chosen[field] = _numeric(chosen[field]) * factor
        return chosen


@cache
def endpoint(source: str, name: str) -> Endpoint:
    """Return what is assumed of an endpoint; `KeyError` if it is not written down."""
    table = dict(_file(source)[name])
    return Endpoint(
        source=source,
        name=name,
        function=table.pop("function", ""),
        url=table.pop("url", ""),
        hosts=tuple(table.pop("hosts")),
        columns=table.pop("columns", {}),
        units={key: float(value) for key, value in table.pop("units", {}).items()},
        extra=table,
    )


def _numeric(column: pd.Series) -> pd.Series:
    import pandas as pd

    numbers: pd.Series = pd.to_numeric(column, errors="coerce").astype("float64")
    return numbers


@cache
def _file(source: str) -> dict[str, Any]:
    folder = resources.files("screener.data.sources.online.upstream_tables")
    return tomllib.loads(folder.joinpath(f"{source}.toml").read_text(encoding="utf-8"))
