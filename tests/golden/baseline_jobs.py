"""The commands of the baseline: what is typed, and which files each writes.

In the words `{place}` is the workspace and `{out}` the folder of its jobs' results. Days are
given, never today's: a page may still tell how far the tables lag behind.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["JOBS", "REPORT_TEXT", "Job"]

_BACKTEST = ("csv", "json", "ledger", "metrics")
_STUDY = ("csv", "json", "events", "sessions", "ledger")
_PLACEBO = (*_STUDY, "placebos", "controls", "verdicts")
_SCORE = ("csv", "json", "calls")
_BOTH = ("csv", "json")

REPORT_TEXT = """2026年5月20日 通信与有色行业点评

一、算力租赁：租金上行，建议关注协创数据(300857.SZ)、宏景科技(301396.SZ)。
二、铜：矿端偏紧，我们推荐紫金矿业(601899)，目标价25.00元，维持买入评级；洛阳钼业同样受益。
三、港股：腾讯控股(00700.HK)估值较低，首次覆盖给予增持评级。
预计2026年行业收入增长12%。
"""


@dataclass(frozen=True, slots=True)
class Job:
    """One command: its words, and the options that each take a file."""

    name: str
    line: str
    files: tuple[str, ...] = ()

    def words(self) -> list[str]:
        """Return the words that are typed, before the files and the workspace."""
        return self.line.split(" ")


def _backtests() -> Iterator[Job]:
    for name, line in {
        "default": "",
        "paper": "--paper --hold 1,5,20,60,120",
        "money": "--capital 50000,1000000,30000000 --hold 5,20",
        "frictions": "--slippage-bps 5 --impact-bps 30 --fx-spread-bps 10 --participation 0.02 "
        "--commission-bps 1 --commission-min 1 --hk-account direct --rights lapse "
        "--delisting-recovery 0.2 --hold 1,60",
        "cost": "--cost-bps 15 --hold 5,60 --benchmark none --excel",
        "entries": "--entry open,vwap,close --delay 1 --hold 5,20",
        "rebalance": "--rebalance monthly,quarterly --hold 60",
        "daily": "--rebalance daily --hold 20 --cost-bps 10",
        "daily-equal": "--weighting daily-equal --hold 5,20",
        "weights": "--weighting market-cap,float-cap,inverse-vol --hold 20 --max-wait 3 "
        "--benchmark 000300.SH",
    }.items():
        yield Job(f"backtest-{name}", f"backtest {line}".strip(), _BACKTEST)
    yield Job("backtest-mine", "backtest mine --weighting custom,equal --hold 5,60", _BACKTEST)
    yield Job("backtest-report", "backtest copper compute-leasing --report R1 --hold 20", ("csv",))
    yield Job("backtest-refused", "backtest nothing --hold 20", ("csv",))


def _explanations() -> Iterator[Job]:
    for source, row in (("default", 14), ("money", 20), ("rebalance", 3), ("daily-equal", 2)):
        file = f"{{out}}/backtest-{source}/csv.csv"
        yield Job(f"explain-{source}", f"explain {file} {row}", ("json",))


def _studies() -> Iterator[Job]:
    yield Job("study", "study --all --by basket", _STUDY)
    yield Job("study-listing", "study --all --unit listing --by report --window -5..10", _STUDY)
    yield Job("study-mean", "study copper --model mean-adjusted --estimation -120..-21", _STUDY)
    yield Job(
        "study-estudy2",
        "study compute-leasing copper --convention estudy2 --draws 500 --seed 7",
        _STUDY,
    )
    yield Job("placebo", "study --all --placebo 99 --hold 5,20 --max-wait 3", _PLACEBO)


def _scores() -> Iterator[Job]:
    yield Job("score", "score", _SCORE)
    yield Job("score-by", "score --by broker,rating,theme --min-calls 1 --backdate", _SCORE)


def _screens(day: str, earlier: str) -> Iterator[Job]:
    for name, line in {
        "earlier": f"--universe a --as-of {earlier} --pb ..2 --sort -market_cap --top 20",
        "where": f"--basket copper --as-of {day} --where pb<3",
        "missing": f"--universe all --as-of {day} --pe-static ..20 --pe-ttm ..20 "
        "--allow-missing pe_ttm --market-cap 5e9.. --currency hkd",
    }.items():
        yield Job(f"screen-{name}", f"screen {line}", _BOTH)


def _rules(days: tuple[str, str]) -> Iterator[Job]:
    for listing, day in (
        ("300857.SZ", days[0]),
        ("300857.SZ", days[1]),
        ("00700.HK", days[1]),
        ("510300.SH", days[0]),
    ):
        yield Job(f"rules-{listing}-{day}", f"rules --listing {listing} --at {day}", _BOTH)


def _cards() -> Iterator[Job]:
    yield Job("report-list", "report list")
    yield Job("report-show", "report show R1")
    for report in ("R1", "R2", "R5"):
        yield Job(f"report-check-{report}", f"report check {report}", _BOTH)
    yield Job("report-add", "report add {place}/report.txt --dry-run", ("json",))
    yield Job("report-add-strict", "report add {place}/report.txt --dry-run --strict", ("json",))
    yield Job("basket-list", "basket list")
    for basket in ("compute-leasing", "mine"):
        yield Job(f"basket-show-{basket}", f"basket show {basket}")


def _tables(first: int, last: int, older: int) -> Iterator[Job]:
    yield Job("data-status", "data status", ("csv",))
    yield Job("data-status-older", f"data status --data-version {older}", ("csv",))
    yield Job("data-verify", "data verify --strict", ("csv",))
    yield Job(
        "data-diff",
        f"data diff {first} {last} --top 5 --table fx --table valuation",
        ("csv", "runs-csv"),
    )
    yield Job(
        "data-export",
        "data export {out}/data-export/tables --format csv --listing 300857.SZ,00700.HK,000300.SH",
    )


def _jobs(
    *, day: str, earlier: str, versions: tuple[int, int, int], days: tuple[str, str]
) -> tuple[Job, ...]:
    mine = "basket new mine --listing 300857.SZ,601899.SH,00700.HK --weight 3,2,1 --date 2026-05-06"
    return (
        Job("basket-new", mine),
        next(iter(_backtests())),
        *_tables(*versions),  # while one run alone is stored: a comparison evaluates all of them
        *tuple(_backtests())[1:],
        *_explanations(),
        *_studies(),
        *_scores(),
        *_screens(day, earlier),
        *_rules(days),
        *_cards(),
    )


JOBS = {
    "demo": _jobs(
        day="2026-10-30",
        earlier="2026-03-20",
        versions=(1, 2, 1),
        days=("2025-06-16", "2026-07-06"),
    ),
    "real": _jobs(
        day="2026-05-28",
        earlier="2026-05-26",
        versions=(12, 13, 9),
        days=("2025-06-16", "2026-05-15"),
    ),
}
