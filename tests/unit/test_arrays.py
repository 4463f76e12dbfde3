"""Days among days, against numpy's own."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from screener.domain.arrays import among

DAYS = st.lists(st.integers(0, 40), max_size=30)


@given(days=DAYS, known=DAYS)
def test_a_day_is_among_others_where_numpy_finds_it(days: list[int], known: list[int]) -> None:
    asked = np.array([*days, "NaT"], dtype="datetime64[D]")
    others = np.array(sorted(known), dtype="datetime64[D]")
    assert among(asked, others).tolist() == np.isin(asked, others).tolist()
    assert not among(asked, others)[-1]
