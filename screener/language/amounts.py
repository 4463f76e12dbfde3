"""Large amounts as each language counts them: billions, or 亿."""

from __future__ import annotations

from dataclasses import dataclass

from screener.language import Language, bound

__all__ = ["Amount"]


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount that is written in the language of the sentence in which it stands.

    Parameters
    ----------
    value
        The amount, in units of its currency.
    form
        How its number is written, as in a format.
    """

    value: float
    form: str = ",.4g"

    def __str__(self) -> str:
        if bound() is Language.ZH:
            return f"{self.value / 1e8:{self.form}} 亿"
        return f"{self.value / 1e9:{self.form}} bn"
