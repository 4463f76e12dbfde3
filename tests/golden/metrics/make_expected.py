"""Expected measures from empyrical-reloaded, without the product.

Usage: python tests/golden/metrics/make_expected.py writes series.json, expected.json and
metadata.json beside itself. Needs empyrical-reloaded 0.7.1; the test suite needs only the files.
"""

from __future__ import annotations

import hashlib
import json
import math
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import empyrical
import numpy as np

HERE = Path(__file__).resolve().parent
YEARS = (243, 246, 52)
RISK_FREE = 0.0001


def series() -> dict[str, dict[str, list[float]]]:
    """Return each case's returns and its benchmark's, rounded to what the file keeps."""
    generator = np.random.default_rng(20260514)
    cases: dict[str, dict[str, list[float]]] = {}
    for name, length, drift, spread in (
        ("three years", 729, 0.0004, 0.013),
        ("a quarter", 60, -0.001, 0.02),
        ("a week", 5, 0.002, 0.03),
        ("two days", 2, 0.0, 0.01),
    ):
        market = generator.normal(drift, spread, length)
        own = 0.9 * market + generator.normal(0, spread / 2, length)
        cases[name] = {"returns": _rounded(own), "benchmark": _rounded(market)}
    shifted = [-0.08, *cases["a quarter"]["returns"]]
    cases["loss on the first day"] = {
        "returns": shifted,
        "benchmark": [-0.01, *cases["a quarter"]["benchmark"]],
    }
    cases["never down"] = {"returns": [0.01, 0.0, 0.02, 0.005], "benchmark": [0.01, -0.01, 0, 0.01]}
    cases["all equal"] = {"returns": [0.01] * 7, "benchmark": [0.02] * 7}
    cases["one day"] = {"returns": [0.03], "benchmark": [0.01]}
    return cases


def _rounded(values: Any) -> list[float]:
    return [round(float(value), 6) for value in values]


def measures(own: list[float], other: list[float], a_year: int) -> dict[str, float | None]:
    """Return empyrical's measures; NaN and infinite are `null`."""
    returns, market = np.array(own), np.array(other)
    year = {"annualization": a_year}
    with np.errstate(all="ignore"):
        found = {
            "total_return": empyrical.cum_returns_final(returns),
            "annualised_return": empyrical.annual_return(returns, **year),
            "volatility": empyrical.annual_volatility(returns, **year),
            "sharpe_ratio": empyrical.sharpe_ratio(returns, **year),
            "sharpe_ratio_rf": empyrical.sharpe_ratio(returns, risk_free=RISK_FREE, **year),
            "sortino_ratio": empyrical.sortino_ratio(returns, **year),
            "sortino_ratio_required": empyrical.sortino_ratio(
                returns, required_return=RISK_FREE, **year
            ),
            "max_drawdown": empyrical.max_drawdown(returns),
            "calmar_ratio": empyrical.calmar_ratio(returns, **year),
            "beta": empyrical.beta(returns, market),
            "alpha": empyrical.alpha(returns, market, **year),
            "alpha_rf": empyrical.alpha(returns, market, risk_free=RISK_FREE, **year),
            "tracking_error": empyrical.annual_volatility(returns - market, **year),
            "information_ratio": empyrical.excess_sharpe(returns, market) * math.sqrt(a_year),
        }
    return {key: _defined(value) for key, value in found.items()}


def _defined(value: Any) -> float | None:
    return float(value) if math.isfinite(float(value)) else None


def expected(cases: dict[str, dict[str, list[float]]]) -> dict[str, dict[str, Any]]:
    """Return the measures of each case by the periods of a year."""
    return {
        name: {
            str(a_year): measures(case["returns"], case["benchmark"], a_year) for a_year in YEARS
        }
        for name, case in cases.items()
    }


def _written(name: str, value: object) -> str:
    text = json.dumps(value, indent=1) + "\n"
    (HERE / name).write_text(text, encoding="utf-8")
    return hashlib.sha256(text.encode()).hexdigest()


def main() -> None:
    """Write the three files."""
    cases = series()
    digests = {
        "series.json": _written("series.json", cases),
        "expected.json": _written("expected.json", expected(cases)),
    }
    metadata = {
        "source": f"empyrical-reloaded {version('empyrical-reloaded')}, package on PyPI",
        "source_licence": "Apache-2.0",
        "data": "made by make_expected.py: seeded normal draws, no market's prices",
        "data_licence": "that of this project",
        "made": str(date.today()),  # noqa: DTZ011 - the day on which the script was run
        "how": "python tests/golden/metrics/make_expected.py",
        "sha256": digests,
    }
    _written("metadata.json", metadata)


if __name__ == "__main__":
    main()
