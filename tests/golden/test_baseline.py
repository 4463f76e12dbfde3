"""The comparison of two baselines sees every value that changes, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.golden import baseline

CSV = "listing,weight,n\n002429.SZ,0.5,1\n300857.SZ,,2\n600060.SH,nan,3\n"
JSON = '{"rows": [{"return": 0.25, "held": true}, {"return": NaN, "held": false}], "version": 2}'


def folders(tmp_path: Path, csv: str = CSV, json: str = JSON) -> tuple[Path, Path]:
    """Return a baseline, and one with another table and another document."""
    places = tmp_path / "old", tmp_path / "new"
    for place, table, document in ((places[0], CSV, JSON), (places[1], csv, json)):
        (place / "demo" / "job").mkdir(parents=True)
        (place / "demo" / "job" / "csv.csv").write_text(table, encoding="utf-8")
        (place / "demo" / "job" / "json.json").write_text(document, encoding="utf-8")
        (place / "demo" / "job" / "page.txt").write_text("one page\n", encoding="utf-8")
    return places


def found(old: Path, new: Path) -> list[tuple[str, str, object, object]]:
    """Return the differences, and prove that the program ends with 1 if there are any."""
    differences = list(baseline.compare(old, new))
    assert baseline.main(["compare", str(old), str(new)]) == int(bool(differences))
    return [(item.row, item.column, item.old, item.new) for item in differences]


def test_equal_folders_have_no_difference(tmp_path: Path) -> None:
    assert found(*folders(tmp_path)) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("0.5", "0.50"),
        ("0.5", "5e-01"),
        (",1\n", ",1.0\n"),
        ("nan", "NaN"),
        ("0.25", "2.5e-1"),
        ('"version": 2', '"version": 2.0'),
        ('"return": 0.25, "held": true', '"held": true, "return": 0.25'),
    ],
)
def test_one_value_written_in_two_ways_is_the_same(tmp_path: Path, old: str, new: str) -> None:
    assert (old in CSV) != (old in JSON)
    assert found(*folders(tmp_path, CSV.replace(old, new), JSON.replace(old, new))) == []


@pytest.mark.parametrize(
    ("old", "new", "difference"),
    [
        ("0.5", "0.5000000000000001", ("row 1", "weight", "0.5", "0.5000000000000001")),
        ("0.5", "-0.5", ("row 1", "weight", "0.5", "-0.5")),
        ("SZ,,2", "SZ,nan,2", ("row 2", "weight", "", "nan")),
        ("SZ,,2", "SZ,0,2", ("row 2", "weight", "", "0")),
        ("nan", "inf", ("row 3", "weight", "nan", "inf")),
        ("600060", "600061", ("row 3", "listing", "600060.SH", "600061.SH")),
    ],
)
def test_a_changed_cell_is_told_by_row_and_column(
    tmp_path: Path, old: str, new: str, difference: tuple[str, str, object, object]
) -> None:
    assert found(*folders(tmp_path, csv=CSV.replace(old, new))) == [difference]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("002429", "2429"),  # a code is no number
        ("9007199254740993", "9007199254740992"),  # the same float
        ("1234e567", "4321e567"),  # ids of runs, both beyond every float
        ("True", "true"),
        ("2026-05-14", "2026-05-15"),
    ],
)
def test_texts_that_look_like_numbers_differ(one: str, other: str) -> None:
    assert not baseline.same_text(one, other)


def test_a_changed_value_of_a_document_is_told_by_its_place(tmp_path: Path) -> None:
    changed = JSON.replace("0.25", "0.26").replace("NaN", "null").replace("false", "0")
    assert [item[:2] for item in found(*folders(tmp_path, json=changed))] == [
        ("$.rows[0]", "return"),
        ("$.rows[1]", "return"),
        ("$.rows[1]", "held"),
    ]


def test_a_key_or_an_entry_on_one_side_alone_is_a_difference(tmp_path: Path) -> None:
    changed = JSON.replace(', {"return": NaN, "held": false}', "").replace("version", "edition")
    assert found(*folders(tmp_path, json=changed)) == [
        ("$.rows", "length", 2, 1),
        ("$", "version", "2", "(none)"),
        ("$", "edition", "(none)", "2"),
    ]


def test_a_missing_row_is_one_row_however_many_follow(tmp_path: Path) -> None:
    assert found(*folders(tmp_path, csv=CSV.replace("002429.SZ,0.5,1\n", ""))) == [
        ("number of rows", "", 3, 2),
        ("row 1", "", "002429.SZ,0.5,1", "(none)"),
    ]


def test_rows_in_another_order_differ(tmp_path: Path) -> None:
    head, *rows = CSV.splitlines()
    turned = "\n".join([head, *reversed(rows)]) + "\n"
    assert {item[0] for item in found(*folders(tmp_path, csv=turned))} == {"row 1", "row 3"}


def test_the_order_of_columns_is_a_difference_and_their_values_are_not(tmp_path: Path) -> None:
    turned = "\n".join(",".join(reversed(line.split(","))) for line in CSV.splitlines()) + "\n"
    assert found(*folders(tmp_path, csv=turned)) == [
        ("order of columns", "", "listing,weight,n", "n,weight,listing")
    ]


def test_a_column_renamed_is_one_gone_and_one_more(tmp_path: Path) -> None:
    assert found(*folders(tmp_path, csv=CSV.replace("weight", "share"))) == [
        ("column", "weight", "there", "(none)"),
        ("column", "share", "(none)", "there"),
    ]


def test_a_byte_order_mark_is_a_difference(tmp_path: Path) -> None:
    assert found(*folders(tmp_path, csv="\ufeff" + CSV))


@pytest.mark.parametrize("side", [0, 1])
def test_a_file_on_one_side_alone_is_a_difference(tmp_path: Path, side: int) -> None:
    places = folders(tmp_path)
    (places[side] / "demo" / "job" / "ledger.csv").write_text("a\n1\n", encoding="utf-8")
    words = ("there", "(none)") if side == 0 else ("(none)", "there")
    assert found(*places) == [("file", "", *words)]


def test_pages_count_only_where_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = folders(tmp_path)
    (new / "demo" / "job" / "page.txt").write_text("another page\n", encoding="utf-8")
    assert baseline.main(["compare", str(old), str(new)]) == 0
    assert "not counted:\n  demo/job/page.txt\n" in capsys.readouterr().out
    assert baseline.main(["compare", str(old), str(new), "--texts"]) == 1
    assert "one page" in capsys.readouterr().out


def test_what_the_table_names_is_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places = folders(tmp_path, csv=CSV.replace("0.5", "0.6"))
    monkeypatch.setattr(baseline, "IGNORED", (("*/csv.csv", "weight", "a reason"),))
    assert list(baseline.compare(*places)) == []
    monkeypatch.setattr(baseline, "IGNORED", (("*/csv.csv", "n", "a reason"),))
    assert len(found(*places)) == 1


def test_differences_are_counted_and_the_first_are_listed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = ("n\n" + "".join(f"{number + shift}\n" for number in range(100)) for shift in (0, 1))
    assert baseline.report(baseline.csv_differences("a.csv", old, new)) == 100
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "a.csv  row 1  n: '0' → '1'"
    assert lines[-1] == "a.csv  n: 100 differences, 20 are shown"
    assert len(lines) == 21


def test_a_command_is_typed_as_a_user_types_it() -> None:
    done = baseline.typed(["--version"])
    assert (done.code, done.remarks) == (0, "")
    assert done.page.startswith("screener ")
    assert baseline.typed(["nothing"]).code == 2
