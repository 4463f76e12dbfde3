"""Real calls of twelve houses, judged as pandas judges them from what the houses print."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.compute as pc
import pytest
from typer.testing import CliRunner

from screener.cli.main import app
from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.scoring.definitions.contracts import Contracts
from screener.scoring.judging.outcomes import CallState
from screener.workflows.score.calls import calls_of_ratings
from screener.workspace.definitions import shipped_definitions

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"
CALLS = SHARED / "ratings" / "real_calls_2024_2026.csv"
LATER = SHARED / "later"

pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not CALLS.is_file(), reason="the real calls are not beside the project"),
]

# Horizon in months and the least active return, as the houses' last pages print them.
PROMISED = {
    ("申万宏源证券", "增持"): (6, 0.05),
    ("东吴证券", "买入"): (12, 0.15),
    ("山西证券", "买入"): (6, 0.20),
    ("山西证券", "增持"): (6, 0.05),
    ("国投证券", "买入"): (6, 0.15),
    ("国投证券", "增持"): (6, 0.05),
    ("华泰证券", "买入"): (12, 0.15),
    ("长江证券", "买入"): (12, 0.10),
    ("东方证券", "买入"): (12, 0.15),
}


def screener(*arguments: object) -> str:
    done = CliRunner().invoke(app, [str(item) for item in arguments])
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture(scope="module")
def place(whole_market: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole market with the index, the industries' indices and the calls."""
    made = tmp_path_factory.mktemp("calls") / "w"
    shutil.copytree(whole_market, made)
    at = ("--workspace", made)
    index = ("--kind", "index")
    screener(
        "data", "import", SHARED / "index" / "csi300.csv", *index, "--listing", "000300.SH", *at
    )
    screener("data", "import", CALLS, "--kind", "ratings", *at)
    return made


def judged(place: Path, *options: object) -> pd.DataFrame:
    target = place / "calls.csv"
    screener("score", "--calls", target, "--force", "--workspace", place, *options)
    return pd.read_csv(target)


def by_pandas() -> pd.DataFrame:
    """Judge the mainland calls from closes of the files, without a line of the program."""
    calls = pd.read_csv(CALLS, parse_dates=["published"])
    calls = calls[~calls["listing"].str.endswith(".HK")]
    calls["word"] = calls["rating"].str.extract(r"^(强推|买入|增持|推荐)")
    index = pd.read_csv(SHARED / "index" / "csi300.csv", parse_dates=["date"])
    level = index.set_index("date")["close"]
    market = pd.read_parquet(
        SHARED / "bars" / "a_share_market.parquet", columns=["code", "date", "close"]
    )
    market = market[market["code"].isin(calls["listing"].str[:6])]
    closes = market.pivot_table(index="date", columns="code", values="close").ffill()
    found = []
    for row in calls.itertuples():
        months, least = PROMISED.get((row.broker, row.word), (0, float("nan")))
        if not months or row.published < closes.index[0]:
            continue
        due = row.published + pd.DateOffset(months=months)
        span = closes.loc[:due, row.listing[:6]]
        start = span.loc[: row.published].iloc[-1]
        own = span.iloc[-1] / start - 1
        against = level.loc[: span.index[-1]].iloc[-1] / level.loc[: row.published].iloc[-1] - 1
        over = due <= closes.index[-1]
        status = ("met" if own - against > least else "missed") if over else "pending"
        found.append({"listing": row.listing, "active": own - against, "status": status})
    return pd.DataFrame(found).set_index("listing")


def test_the_calls_end_as_pandas_says(place: Path) -> None:
    found = judged(place)
    mine = found[found["source"] == CALLS.name].set_index("listing")
    theirs = by_pandas()
    assert theirs["status"].value_counts().to_dict() == {"missed": 11, "pending": 7, "met": 2}
    told = mine.loc[theirs.index]
    assert told["status"].tolist() == theirs["status"].tolist()
    assert told["active_return"].tolist() == pytest.approx(theirs["active"].tolist(), abs=1e-6)
    met = told.loc[told["status"] == CallState.MET, "active_return"]
    assert met.to_dict() == pytest.approx({"600160.SH": 0.481, "688375.SH": 0.6845}, abs=5e-4)
    assert told.loc["688772.SH", "active_return"] == pytest.approx(0.065, abs=5e-4)
    assert not told.loc[told["status"] != CallState.UNJUDGED, "rating_assumed"].any()


def test_every_other_call_says_why(place: Path) -> None:
    found = judged(place)
    other = found[(found["source"] == CALLS.name) & (found["status"] == CallState.UNJUDGED)]
    assert len(other) == 9
    why = other.set_index("listing")["why"].to_dict()
    for listing in ("600926.SH", "601577.SH", "601939.SH"):
        assert "only one of 财富证券, as it was called before" in why[listing]
    assert "only one of 国泰君安证券, as it was called before" in why["603809.SH"]
    assert "300616.SZ" in why["300616.SZ"]
    assert "was not seen whole" in why["09660.HK"]
    for listing in ("00388.HK", "01378.HK", "01876.HK"):
        assert why[listing] == "no prices of its market in the tables"


def test_grades_remarks_scripts_and_languages_are_read(place: Path) -> None:
    found = judged(place)
    mine = found[found["source"] == CALLS.name].set_index("listing")
    assert mine.loc["688375.SH", ["rating", "risk_grade"]].tolist() == ["买入", "A"]
    assert mine.loc["600160.SH", ["rating", "change"]].tolist() == ["增持", "maintained"]
    assert mine.loc["09660.HK", ["rating", "broker"]].tolist() == ["优于大市", "海通国际"]
    assert mine.loc["01378.HK", ["rating", "definition_rating"]].tolist() == ["Buy", "买入"]


def test_a_vendors_words_hold_where_the_house_has_them_and_are_assumed_elsewhere(
    place: Path, tmp_path: Path
) -> None:
    vendors = pd.read_csv(CALLS)
    vendors["title"] = "sorted by the vendor"
    sorted_words = vendors.pop("rating").replace({"强推": "买入", "推荐(维持)": "增持"})
    file = tmp_path / "vendor.csv"
    vendors.assign(东财评级=sorted_words).to_csv(file, index=False)
    both = tmp_path / "both"
    shutil.copytree(place, both)
    screener("data", "import", file, "--kind", "ratings", "--workspace", both)
    columns = ["call", "source", "status", "why", "active_return", "rating_assumed"]
    pd.testing.assert_frame_equal(judged(place)[columns], judged(both)[columns])
    with Store.open(both / "data_cache") as store:
        rows = store.read(TableName.RATINGS)
    alone = calls_of_ratings(rows.filter(pc.equal(rows.column("source"), file.name)), {}).calls
    contracts = Contracts(shipped_definitions())
    found = contracts.resolve(alone)
    assumed = {str(alone.listing[at]): found.contract[at] for at in np.flatnonzero(found.ranked)}
    words = {listing: contracts.contracts[at].rating for listing, at in assumed.items()}
    assert words == {"300616.SZ": "强推", "01876.HK": "推荐"}


def test_the_older_houses_definitions_hold_where_asked(place: Path) -> None:
    found = judged(place, "--backdate")
    mine = found[found["source"] == CALLS.name].set_index("listing")
    assert mine.loc["603809.SH", "definition_former"] == "国泰君安证券"
    assert mine.loc["603809.SH", "status"] == CallState.PENDING
    assert "does not define" in mine.loc["601939.SH", "why"]  # 财富证券 had other words


@pytest.mark.skipif(not LATER.is_dir(), reason="the later real files are not beside the project")
def test_an_industry_call_is_pending_on_its_index_with_its_state(
    place: Path, tmp_path: Path
) -> None:
    made = tmp_path / "later"
    shutil.copytree(place, made)
    root = Path(__file__).resolve().parents[2]
    shutil.copy(root / "seeds" / "R4.toml", made / "seeds")
    at = ("--workspace", made)
    screener(
        *("data", "import", LATER / "bars" / "seed_adjusted_close_2026-05-29_on.csv"),
        *("--kind", "bars", "--basis", "adjusted", "--map", "close_adj=close", "--continues"),
        *at,
    )
    for name, options in (
        ("csi300_2026-07-17_2026-09-24.csv", ("--listing", "000300.SH")),
        ("shenwan_level1_2026_to_07-08.csv", ()),
    ):
        screener("data", "import", LATER / "index" / name, "--kind", "index", *options, *at)
    row = judged(made).set_index("call").loc["R4-1"]
    assert row["status"] == CallState.PENDING
    assert (row["start_session"], row["early_session"]) == ("2026-03-06", "2026-06-08")
    assert row["end_session"] == "2026-07-08"
    assert row["early_stock"] == pytest.approx(-0.153, abs=5e-4)
    assert row["early_benchmark"] == pytest.approx(0.011, abs=5e-4)
