"""Placements against counts made by hand."""

import numpy as np
import pytest

from screener.errors import ComputeError
from screener.study.placebo.monte_carlo import place

DRAWN = np.array([0.00, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08])  # nine: B + 1 is 10


def test_p_values_count_the_real_one_among_the_drawn() -> None:
    found = place(0.065, DRAWN)  # 0.07 and 0.08 are as great, seven are as small
    assert found.p_greater == pytest.approx(3 / 10)
    assert found.p_less == pytest.approx(8 / 10)
    assert found.p_two_sided == pytest.approx(6 / 10)
    assert found.quantile == pytest.approx(7 / 9)
    assert (found.draws, found.mean) == (9, pytest.approx(0.04))
    assert found.excess == pytest.approx(0.025)
    assert found.sd == pytest.approx(0.0273861278752583)  # sqrt(0.0060 / 8)
    assert found.p_error == pytest.approx(2 * (0.3 * 0.7 / 10) ** 0.5)


def test_ties_count_on_both_sides_and_by_half_in_the_quantile() -> None:
    found = place(0.03 + 1e-15, DRAWN)
    assert (found.p_greater, found.p_less) == (pytest.approx(7 / 10), pytest.approx(5 / 10))
    assert found.quantile == pytest.approx(3.5 / 9)
    assert found.p_two_sided == 1.0


def test_p_is_never_zero_and_never_above_one() -> None:
    assert place(9.0, DRAWN).p_greater == pytest.approx(1 / 10)
    assert place(-9.0, DRAWN).p_two_sided == pytest.approx(2 / 10)
    assert place(0.04, DRAWN).p_two_sided == 1.0


def test_other_values_may_be_counted_than_those_averaged() -> None:
    found = place(0.065, DRAWN, among=np.array([0.0, 0.065, 0.065, 1.0]), every=True)
    assert found.mean == pytest.approx(0.04)
    assert (found.draws, found.p_greater, found.p_error) == (4, pytest.approx(4 / 5), 0.0)


@pytest.mark.parametrize("drawn", [[0.02], [0.02, 0.02, 0.02]])
def test_values_that_do_not_differ_give_no_p_value(drawn: list[float]) -> None:
    found = place(0.05, np.array(drawn))
    assert not found.distinct
    assert found.excess == pytest.approx(0.03)
    unknown = (found.p_two_sided, found.p_greater, found.p_less, found.quantile, found.p_error)
    assert unknown == (None,) * 5


@pytest.mark.parametrize("drawn", [[], [0.1, np.nan]])
def test_what_is_no_number_is_refused(drawn: list[float]) -> None:
    with pytest.raises(ComputeError, match="no numbers"):
        place(0.1, np.array(drawn))
