"""The table of a screen: fixed columns, and between them those of the fields asked for."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator

from screener.results.tables import Column, Dtype, TableSpec, declared
from screener.results.tables import Unit as Counted
from screener.screen.fields import Field, FieldUnit

__all__ = ["BESIDE", "screen_spec"]

_TABLES = declared("screen")
BESIDE = _TABLES["beside"]
_UNITS = {
    FieldUnit.MULTIPLE: Counted.RATIO,
    FieldUnit.MONEY: Counted.MONEY,
    FieldUnit.PRICE: Counted.LOCAL,
    FieldUnit.FRACTION: Counted.FRACTION,
    FieldUnit.NUMBER: Counted.RATIO,
    FieldUnit.DAYS: Counted.DAYS,
}
_DTYPES = {FieldUnit.TEXT: Dtype.TEXT, FieldUnit.FLAG: Dtype.FLAG}


def screen_spec(
    fields: Iterable[Field], stored: Container[str], *, scored: bool = False, checked: bool = False
) -> TableSpec:
    """Return the table of a screen.

    Parameters
    ----------
    fields
        Fields asked for.
    stored
        Names of the multiples whose value as stored follows them.
    scored
        Whether an expression ranks the names.
    checked
        Whether there are named checks.
    """
    more = _TABLES["ranking"].columns
    ranking = tuple(column for column, there in zip(more, (scored, checked), strict=True) if there)
    asked = tuple(column for field in fields for column in _columns(field, field.name in stored))
    identity = _TABLES["identity"]
    return TableSpec(
        name="screen",
        meaning=identity.meaning,
        columns=(*identity.columns, *ranking, *asked, *_TABLES["judgement"].columns),
    )


def _columns(field: Field, stored: bool) -> Iterator[Column]:
    told = field.meaning_en[0].upper() + field.meaning_en[1:]
    because = field.because[0]
    undefined = f"; empty if missing or undefined: {because}" if because else ""
    empty_zh = f"；缺失或无意义（{field.because[1]}）时为空" if because else ""
    told_zh = f"{field.meaning_zh}{empty_zh}。"
    yield _column(field, field.name, field.title_zh, f"{told}{undefined}.", told_zh)
    if stored:
        title = f"{field.title_zh}（原值）"
        stored_zh = f"{field.meaning_zh}，存储的原值。"
        yield _column(field, field.raw_name, title, f"{told}, as stored.", stored_zh)


def _column(field: Field, name: str, title_zh: str, meaning: str, meaning_zh: str) -> Column:
    return Column(
        name=name,
        dtype=_DTYPES.get(field.unit, Dtype.NUMBER),
        en=name,
        zh=title_zh,
        meaning=meaning,
        meaning_zh=meaning_zh,
        unit=_UNITS.get(field.unit, Counted.NONE),
        nullable=True,
    )
