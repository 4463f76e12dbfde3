"""The figures that R package estudy2 publishes for seven shares in March 2020.

Source: its vignette "estudy2-intro"; the returns and the table stand in ../shared/data/README.md.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from screener.study.models import Convention, Model, abnormal_returns
from screener.study.returns import AbnormalReturns, EventReturns
from screener.study.statistics.parametric import boehmer_test, cross_sectional_test, patell_test
from screener.study.windows import StudyWindows

FILE = Path(__file__).resolve().parents[2].parent / "shared/data/eventstudy/estudy2_covid_rates.csv"
pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(
        not FILE.is_file(), reason="the published returns are not beside the project"
    ),
]
MEAN = ("0.02329740", "-0.03157867", "-0.01617850", "0.07672027", "0.05840545")
CROSS_SECTION = ("1.3941497", "-1.2769075", "-0.4023135", "1.7958275", "5.1233281")
PATELL = ("2.5507399", "-2.9495613", "0.3283654", "8.4216222", "6.3196352")
BOEHMER = ("1.20471169", "-1.17531339", "0.07606284", "2.16657728", "8.65212561")


def studied(convention: Convention) -> AbnormalReturns:
    with FILE.open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    first = [row["date"] for row in rows].index("2020-03-16")
    market = np.array([float(row["index_^GSPC"]) for row in rows])
    names = [name for name in rows[0] if name not in ("date", "index_^GSPC")]
    values = np.array([[float(row[name] or "nan") for row in rows] for name in names])
    factors = np.broadcast_to(market, (1, len(names), len(rows)))
    ended = first + 5
    returns = EventReturns(
        windows=StudyWindows(estimation=(-first, -1), event=(0, 4), reader=False),
        estimation=values[:, :first],
        estimation_factors=factors[..., :first],
        event=values[:, first:ended],
        event_factors=factors[..., first:ended],
    )
    return abnormal_returns(returns, Model.MARKET, convention=convention)


def printed(value: float | None, like: str) -> str:
    assert value is not None
    return f"{value:.{len(like.split('.')[1])}f}"


@pytest.mark.parametrize("day", range(5))
def test_published_figures_come_out_to_every_printed_digit(day: int) -> None:
    found = studied(Convention.ESTUDY2)
    values, standardised = found.values[:, day], found.standardised[:, day]
    patell = patell_test(standardised, found.observations - 2.0)
    assert printed(float(values.mean()), MEAN[day]) == MEAN[day]
    assert printed(cross_sectional_test(values).value, CROSS_SECTION[day]) == CROSS_SECTION[day]
    assert printed(patell.value, PATELL[day]) == PATELL[day]
    assert printed(boehmer_test(standardised).value, BOEHMER[day]) == BOEHMER[day]


def test_the_textbook_form_differs_in_the_fourth_digit_and_keeps_the_abnormal_returns() -> None:
    published, textbook = studied(Convention.ESTUDY2), studied(Convention.TEXTBOOK)
    np.testing.assert_array_equal(published.values, textbook.values)
    ours = patell_test(textbook.standardised[:, 0], textbook.freedom).value
    theirs = patell_test(published.standardised[:, 0], published.freedom).value
    assert ours is not None
    assert theirs is not None
    assert 1e-4 < abs(ours / theirs - 1) < 1e-2
