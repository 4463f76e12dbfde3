"""Files of rating histories, in the words of cninfo, Eastmoney and others."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from screener.data.lake.batch import Batch
from screener.data.lake.schema import TABLES, TableName
from screener.data.sources.files import FileSource, ImportKind, ImportRequest
from screener.data.sources.files.columns.listings import lost_zeros
from screener.data.sources.files.kinds.ratings import first_rating, rated_level
from screener.errors import DataError, SchemaMismatch
from screener.scoring.definitions.contracts import Contracts
from screener.workflows.score.calls import calls_of_ratings
from screener.workspace.definitions import shipped_definitions

NOW = datetime(2026, 6, 1, 9, 30, tzinfo=UTC)
CNINFO = (
    "证券代码,证券简称,发布日期,研究机构简称,研究员名称,投资评级,是否首次评级,评级变化,"
    "前一次投资评级,目标价格-下限,目标价格-上限\n"
)
EASTMONEY = "序号,股票代码,股票简称,报告名称,东财评级,机构,近一月个股研报数,行业,日期,报告PDF链接\n"


def imported(folder: Path, text: str, **options: object) -> Batch:
    path = folder / "ratings.csv"
    path.write_text(text, encoding="utf-8")
    request = ImportRequest(
        paths=(path,), kind=ImportKind.RATINGS, fetched_at=NOW, today=date(2026, 6, 1), **options
    )
    source = FileSource()
    query = source.build_query(request)
    return source.normalise(query, source.fetch(query))


def rows_of(batch: Batch) -> list[dict[str, object]]:
    table = batch.tables[TableName.RATINGS]
    assert tuple(table.column_names) == TABLES[TableName.RATINGS].column_names
    return table.to_pylist()


def test_cninfo_export(tmp_path: Path) -> None:
    batch = imported(
        tmp_path,
        CNINFO + '300857,协创数据,2026-05-14,中邮证券,"甲,乙",买入,是,,,100.5,120\n'
        "601899,紫金矿业,2026/5/16,中金公司,丙,跑赢行业,否,维持,跑赢行业,0,\n",
    )
    first, second = rows_of(batch)
    assert first == {
        "listing": "300857.SZ",
        "published": date(2026, 5, 14),
        "broker": "中邮证券",
        "analyst": "甲,乙",
        "title": "",
        "rating": "买入",
        "rating_level": "stock",
        "target_price": 100.5,
        "initiated": True,
        "industry": None,
        "vendor": "cninfo",
        "source": "ratings.csv",
        "fetched_at": NOW,
    }
    assert (second["listing"], second["published"]) == (
        "601899.SH",
        date(2026, 5, 16),
    )  # a Saturday
    assert (second["target_price"], second["initiated"]) == (None, False)
    assert any("目标价格-上限" in line for line in batch.remarks)


def test_eastmoney_export(tmp_path: Path) -> None:
    batch = imported(
        tmp_path, EASTMONEY + "1,300857,协创数据,存储与算力,增持,国金证券,3,通信设备,2026-05-14,x\n"
    )
    (row,) = rows_of(batch)
    told = [row[name] for name in ("broker", "rating", "title", "industry", "analyst", "initiated")]
    assert told == ["国金证券", "增持", "存储与算力", "通信设备", "", None]
    assert row["vendor"] == "eastmoney"


@pytest.mark.parametrize(
    ("head", "options", "vendor"),
    [
        ("评级", {}, None),
        ("投资评级", {}, None),
        ("东方财富证券评级", {"column_map": (("东方财富证券评级", "rating"),)}, None),
        ("东方财富评级", {}, "eastmoney"),
        ("東財評級", {}, "eastmoney"),
        ("emRatingName", {}, "eastmoney"),
        ("Wind 标准评级", {}, "wind"),
        ("同花顺评级", {"column_map": (("同花顺评级", "rating"),)}, "ths"),
    ],
)
def test_a_head_that_names_a_vendor_tells_whose_words_they_are(
    tmp_path: Path, head: str, options: dict[str, object], vendor: str | None
) -> None:
    text = f"股票代码,日期,机构,{head}\n300857,2026-05-14,东兴证券,买入\n"
    batch = imported(tmp_path, text, **options)
    assert [row["vendor"] for row in rows_of(batch)] == [vendor]
    told = "is rating: in the vendor's words" in " ".join(batch.remarks)
    assert told == (vendor is not None)


def test_the_brokers_column_comes_before_the_vendors(tmp_path: Path) -> None:
    text = "股票代码,日期,机构,东财评级,评级\n300857,2026-05-14,东兴证券,买入,强烈推荐\n"
    batch = imported(tmp_path, text)
    assert [(row["rating"], row["vendor"]) for row in rows_of(batch)] == [("强烈推荐", None)]
    chosen = imported(tmp_path, text, column_map=(("东财评级", "rating"),))
    assert [(row["rating"], row["vendor"]) for row in rows_of(chosen)] == [("买入", "eastmoney")]


def test_a_file_of_several_vendors_names_them_in_its_rows(tmp_path: Path) -> None:
    text = (
        "listing,published,broker,rating,vendor\n"
        "300857,2026-05-14,东兴证券,买入,wind\n300857,2026-05-15,东兴证券,推荐,\n"
    )
    assert [row["vendor"] for row in rows_of(imported(tmp_path, text))] == ["wind", None]


def test_vendors_words_of_files_are_mapped_by_rank_and_the_brokers_own_beats_them(
    tmp_path: Path,
) -> None:
    text = (
        "股票代码,日期,机构,报告名称,东财评级\n"
        "300857,2026-05-14,东兴证券,甲,买入\n300857,2026-05-15,东兴证券,乙,买入\n"
    )
    vendors = imported(tmp_path, text).tables[TableName.RATINGS]
    own = "股票代码,日期,机构,报告名称,评级\n300857,2026-05-15,东兴证券,丙,推荐\n"
    both = pa.concat_tables([vendors, imported(tmp_path, own).tables[TableName.RATINGS]])
    found = calls_of_ratings(both, {})
    assert (len(found.calls), found.twice, found.torn) == (2, 1, 0)
    contracts = Contracts(shipped_definitions())
    resolved = contracts.resolve(found.calls)
    words = [contracts.contracts[at].rating for at in resolved.contract]
    assert (words, resolved.ranked.tolist()) == (["强烈推荐", "推荐"], [True, False])


def test_our_own_names_and_hong_kong(tmp_path: Path) -> None:
    text = (
        "broker,analyst,listing,published,rating,rating_level,target_price,title\n"
        "甲证券,A,00700.HK,2026-05-14,买入,公司,500,one\n"
        "甲证券,A,000993.SH,2026-05-14,看好,行业,,two\n"
    )
    first, second = rows_of(imported(tmp_path, text))
    assert (first["listing"], first["rating_level"], first["target_price"]) == (
        "00700.HK",
        "stock",
        500,
    )
    assert (second["listing"], second["rating_level"]) == ("000993.SH", "industry")


def test_every_fault_has_its_line_and_reason(tmp_path: Path) -> None:
    good = "300857,2026-05-14,甲证券,买入,stock,10,a\n"
    lines = [
        "300857,,甲证券,买入,stock,10,b",
        "300857,2026-06-02,甲证券,买入,stock,10,c",
        "300857,2026-05-14,,买入,stock,10,d",
        "300857,2026-05-14,甲证券,,stock,10,e",
        "300857,2026-05-14,甲证券,买入,moon,10,f",
        "300857,2026-05-14,甲证券,买入,stock,-1,g",
        "300857,2026-05-14,甲证券,买入,stock,many,h",
        "123,2026-05-14,甲证券,买入,stock,10,i",
        "600519,2026-05-14,甲证券,买入,stock,10,j",
        "600519,2026-05-14,甲证券,增持,stock,10,j",
    ]
    head = "listing,published,broker,rating,rating_level,target_price,title\n"
    batch = imported(tmp_path, head + good + good + "\n".join(lines) + "\n")
    assert len(rows_of(batch)) == 1
    assert [(item.line, item.reason) for item in batch.rejects] == [
        (4, "published is missing"),
        (5, "date in the future"),
        (6, "broker is missing"),
        (7, "rating is missing"),
        (8, "rating_level is neither stock nor industry"),
        (9, "target_price is not positive"),
        (10, "target_price is not a number"),
        (11, lost_zeros()),
        (12, "one note comes more than once with different values"),
        (13, "one note comes more than once with different values"),
    ]
    assert "1 rows repeat another row exactly and were taken once" in " ".join(batch.remarks)
    assert {item.table for item in batch.rejects} == {TableName.RATINGS}


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    with pytest.raises(SchemaMismatch, match="no column for broker") as caught:
        imported(tmp_path, "listing,published,rating\n300857,2026-05-14,买入\n")
    assert "--map" in caught.value.fix


def test_a_file_without_a_good_row_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="all 1 rows are rejected: broker is missing"):
        imported(tmp_path, "listing,published,broker,rating\n300857,2026-05-14,,买入\n")


def test_words_of_levels_and_first_ratings() -> None:
    assert [rated_level(text) for text in (None, "行业", " Stock ", "x")] == [
        "stock",
        "industry",
        "stock",
        None,
    ]
    assert [first_rating(text) for text in ("是", "否", None, "维持")] == [True, False, None, None]
