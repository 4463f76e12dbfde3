"""Expected measures of random value paths from empyrical-reloaded, without the product.

Usage: python tests/golden/performance/make_expected.py writes paths.json, expected.json and
metadata.json beside itself. Needs empyrical-reloaded 0.7.1; the test suite needs only the files.
empyrical has no dates of a drawdown: they come from a plain loop below.
"""

from __future__ import annotations

import hashlib
import json
import math
from importlib.metadata import version
from pathlib import Path
from typing import Any

import empyrical
import numpy as np

HERE = Path(__file__).resolve().parent
LENGTHS = (60, 61, 75, 90, 120, 120, 150, 243, 60, 60, 100, 200)
YEARS = (242, 243, 246, 252.5)


def paths() -> list[dict[str, Any]]:
    """Return value paths with those of a benchmark, rounded to what the file keeps."""
    generator = np.random.default_rng(20261121)
    found = []
    for at, length in enumerate(LENGTHS):
        market = generator.normal(generator.normal(0, 0.001), 0.012, length)
        own = generator.normal(1, 0.5) * market + generator.normal(0.0005, 0.015, length)
        if at % 3 == 0:
            own[0] = -0.08  # a loss in the first session
        if at % 4 == 1:
            market[generator.random(length) < 0.1] = 0.0  # its exchange is closed
        found.append(
            {
                "sessions_a_year": YEARS[at % len(YEARS)],
                "path": [round(float(value), 8) for value in np.cumprod(1 + own)],
                "benchmark_path": [round(float(value), 8) for value in np.cumprod(1 + market)],
            }
        )
    return found


def measures(case: dict[str, Any]) -> dict[str, float | int | None]:
    """Return the measures of one path; NaN and infinite are `null`."""
    own, market = (returns(case[key]) for key in ("path", "benchmark_path"))
    periods = case["sessions_a_year"]
    year = {"annualization": periods}
    found = {
        "total_return": empyrical.cum_returns_final(own),
        "annualised_return": empyrical.annual_return(own, **year),
        "volatility": empyrical.annual_volatility(own, **year),
        "sharpe": empyrical.sharpe_ratio(own, **year),
        "sortino": empyrical.sortino_ratio(own, **year),
        "max_drawdown": empyrical.max_drawdown(own),
        "calmar": empyrical.calmar_ratio(own, **year),
        "beta": empyrical.beta(own, market),
        "alpha": empyrical.alpha(own, market, **year),
        "tracking_error": empyrical.annual_volatility(own - market, **year),
        "information_ratio": empyrical.excess_sharpe(own, market) * math.sqrt(periods),
        "hit_rate": sum(value > 0 for value in own) / len(own),
    }
    rounded = {key: float(value) for key, value in found.items()}
    return {
        **{key: value if math.isfinite(value) else None for key, value in rounded.items()},
        **fall([1.0, *case["path"]]),
    }


def returns(path: list[float]) -> np.ndarray[Any, Any]:
    """Return the returns of a path that starts from 1."""
    before = [1.0, *path[:-1]]
    return np.array([new / old - 1 for new, old in zip(path, before, strict=True)])


def fall(path: list[float]) -> dict[str, int | None]:
    """Return the positions of the deepest fall; 0 is the start, 1 the first session."""
    worst, top, found = 0.0, 0, (0, 0)
    for at, value in enumerate(path):
        if value >= path[top]:
            top = at
        if value / path[top] - 1 < worst:
            worst, found = value / path[top] - 1, (top, at)
    peak, trough = found
    back = [at for at in range(trough, len(path)) if path[at] >= path[peak]]
    return {"peak": peak, "trough": trough, "recovery": back[0] if back else None}


def main() -> None:
    """Write the three files."""
    cases = paths()
    expected = [measures(case) for case in cases]
    files = {"paths.json": cases, "expected.json": expected}
    for name, content in files.items():
        (HERE / name).write_text(json.dumps(content, indent=0) + "\n", encoding="utf-8")
    metadata = {
        "source": f"empyrical-reloaded {version('empyrical-reloaded')}, package on PyPI",
        "source_licence": "Apache-2.0",
        "data": "made by make_expected.py: seeded normal draws, no market's prices",
        "data_licence": "that of this project",
        "made": "2026-11-21",
        "how": "python tests/golden/performance/make_expected.py",
        "sha256": {name: hashlib.sha256((HERE / name).read_bytes()).hexdigest() for name in files},
    }
    (HERE / "metadata.json").write_text(json.dumps(metadata, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
