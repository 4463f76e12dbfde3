"""The table of a screen: fixed columns, and between them those of the fields asked for."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator

from screener.language import Language, speaking
from screener.results.tables import Column, Dtype, TableSpec, declared
from screener.results.tables import Unit as Counted
from screener.screen.fields import Field, FieldUnit

__all__ = ["screen_spec"]

_TABLES = declared("screen")
_UNITS = {
    FieldUnit.MULTIPLE: Counted.RATIO,
    FieldUnit.MONEY: Counted.MONEY,
    FieldUnit.FRACTION: Counted.FRACTION,
}


def screen_spec(fields: Iterable[Field], stored: Container[str]) -> TableSpec:
    """Return the table of a screen.

    Parameters
    ----------
    fields
        Fields asked for.
    stored
        Names of the multiples whose value as stored follows them.
    """
    asked = tuple(column for field in fields for column in _columns(field, field.name in stored))
    identity = _TABLES["identity"]
    return TableSpec(
        name="screen",
        meaning=identity.meaning,
        columns=(*identity.columns, *asked, *_TABLES["judgement"].columns),
    )


def _columns(field: Field, stored: bool) -> Iterator[Column]:
    told = field.meaning[0].upper() + field.meaning[1:]
    with speaking(Language.EN):  # meanings of columns are English; labels are said
        because = field.undefined_because
    undefined = f"; empty if missing or undefined: {because}" if because else ""
    yield _column(field, field.name, field.title_zh, f"{told}{undefined}.")
    if stored:
        title = f"{field.title_zh}（原值）"
        yield _column(field, field.raw_name, title, f"{told}, as stored.")


def _column(field: Field, name: str, title_zh: str, meaning: str) -> Column:
    return Column(
        name=name,
        dtype=Dtype.NUMBER,
        en=name,
        zh=title_zh,
        meaning=meaning,
        unit=_UNITS[field.unit],
        nullable=True,
    )
