"""The labelled texts agree with themselves and with the master, and the bench counts rightly."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from benchmarks.extraction_scores import Found, Tally, compare, same_theme, score
from benchmarks.labelled_texts import TRAPS, Case, LabelledSecurity, load_cases
from screener.domain.listing import parse_listing
from screener.domain.report import Role
from screener.reports.text.text import clean_name, make_text
from tests.support.each import of_each
from tests.support.masters import DUAL_LISTED, MASTER, known, padded

CASES = load_cases()
EACH = of_each(CASES, lambda case: case.id)
_MARKS = re.compile(r"^(XD|XR|DR|N(?=[一-鿿])|C(?=[一-鿿])|\*?ST)|-(SW|U|W|S|B)$")


def forms(security: LabelledSecurity) -> set[str]:
    """Every form of a security that may stand in a clean text."""
    if security.printed:
        return {clean_name(security.printed)}
    code = security.listing.partition(".")[0]
    names = (name for _, name in known(security.listing).dated())
    return {code, code.lstrip("0"), *(_MARKS.sub("", clean_name(name)) for name in names)}


class TestCases:
    def test_there_are_enough_of_every_length_and_ids_are_unique(self):
        assert len(CASES) >= 80
        assert len({case.id for case in CASES}) == len(CASES)
        assert sum(case.held_out for case in CASES) >= 25
        assert sum(2_000 <= len(case.text) <= 5_000 for case in CASES) >= 10

    def test_every_trap_is_there_several_times(self):
        counts = Counter(trap for case in CASES for trap in case.traps)
        assert counts.keys() == TRAPS.keys()
        assert {trap for trap, count in counts.items() if count < 3} == set()

    @EACH
    def test_names_every_labelled_security(self, case: Case):
        clean = make_text(case.text).clean
        missing = [s for s in case.securities if not any(form in clean for form in forms(s))]
        assert missing == []
        assert [d for d in case.doubts if clean_name(d.printed) not in clean] == []
        assert all(known(doubt.listing) for doubt in case.doubts)

    @EACH
    def test_gives_each_listing_one_role_and_themes_only_to_recommended(self, case: Case):
        roles = {(security.listing, security.role) for security in case.securities}
        assert len(roles) == len(case.listings)
        assert len({(s.listing, s.themes) for s in case.securities}) == len(case.securities)
        assert all(s.role is Role.RECOMMENDED for s in case.securities if s.themes)

    @EACH
    def test_takes_its_themes_from_the_text(self, case: Case):
        clean = make_text(case.text).clean
        assert [
            s.themes
            for s in case.securities
            if s.themes and not any(clean_name(label) in clean for label in s.themes)
        ] == []

    @EACH
    def test_has_known_traps_once_each(self, case: Case):
        assert case.traps
        assert set(case.traps) <= TRAPS.keys()
        assert len(set(case.traps)) == len(case.traps)
        assert date(2025, 1, 1) <= case.published <= date(2026, 5, 31)

    def test_a_file_with_a_wrong_role_is_refused(self, tmp_path: Path):
        (tmp_path / "wrong.toml").write_text(
            '[[cases]]\nid = "a"\nkind = "stock"\ntraps = []\npublished = 2026-01-01\n'
            'text = "x"\nsecurities = [{ listing = "600519.SH", role = "bought" }]\n',
            encoding="utf-8",
        )
        with pytest.raises(ValueError, match="bought"):
            load_cases(tmp_path)


class TestMaster:
    def test_ids_are_written_as_investors_write_them_and_unique(self):
        ids = [row.listing for row in MASTER]
        assert len(ids) >= 400
        assert len(set(ids)) == len(ids)
        assert [parse_listing(i).id for i in ids] == ids

    def test_both_lines_of_every_company_listed_twice_are_there(self):
        ids = {row.listing for row in MASTER}
        assert ids >= DUAL_LISTED.keys() | set(DUAL_LISTED.values())
        assert all(line.endswith(".HK") for line in DUAL_LISTED.values())

    def test_names_follow_one_another(self):
        for row in MASTER:
            days = [day for day, _ in row.dated()]
            assert days == sorted(set(days)), row.listing
        assert known("603501.SH").dated()[-1] == (date(2025, 6, 20), "豪威集团")

    def test_padding_adds_listings_that_no_text_names(self):
        rows = padded(9_000)
        assert len({row.listing for row in rows}) == len(rows) == 9_000
        made_up = [row.name for row in rows[len(MASTER) :]]
        text = "".join(make_text(case.text).clean for case in CASES)
        assert not any(name in text for name in made_up)


CASE = Case(
    id="example",
    kind="weekly",
    traps=(),
    published=date(2026, 4, 1),
    text="",
    securities=(
        LabelledSecurity(listing="300857.SZ", role=Role.RECOMMENDED, themes=("算力租赁",)),
        LabelledSecurity(listing="002837.SZ", role=Role.RECOMMENDED, themes=("液冷", "散热")),
        LabelledSecurity(listing="300499.SZ", role=Role.RECOMMENDED, themes=("液冷", "散热")),
        LabelledSecurity(listing="600519.SH", role=Role.RECOMMENDED),
        LabelledSecurity(listing="000858.SZ", role=Role.MENTIONED),
    ),
    doubts=(),
)
RIGHT = frozenset(
    {
        ("300857.SZ", Role.RECOMMENDED, "compute-leasing"),
        ("002837.SZ", Role.RECOMMENDED, "ye-leng"),
        ("300499.SZ", Role.RECOMMENDED, "ye-leng"),
        ("600519.SH", Role.RECOMMENDED, "anything"),
        ("000858.SZ", Role.MENTIONED, ""),
    }
)


class TestScores:
    def test_a_right_reading_is_right_under_every_measure(self):
        total = score(CASE, Found(securities=RIGHT))
        assert total.recommended == Tally(4)
        assert total.themed == Tally(3)
        assert total.named == Tally(5)
        assert total.roles == Tally(5)
        assert total.doubts == Tally()

    def test_precision_recall_and_f1_by_hand(self):
        tally = Tally(right=6, wrong=2, missing=4)
        assert tally.precision == pytest.approx(0.75)
        assert tally.recall == pytest.approx(0.6)
        assert tally.f1 == pytest.approx(2 * 0.75 * 0.6 / (0.75 + 0.6))
        assert tally + Tally(missing=1) == Tally(6, 2, 5)
        assert (Tally().precision, Tally().recall, Tally().f1) == (1, 1, 1)

    def test_a_theme_of_another_basket_is_wrong_and_missing(self):
        wrong = (RIGHT - {("300857.SZ", Role.RECOMMENDED, "compute-leasing")}) | {
            ("300857.SZ", Role.RECOMMENDED, "copper")
        }
        assert score(CASE, Found(securities=wrong)).themed == Tally(2, 1, 1)

    def test_a_theme_that_does_not_ship_has_one_slug(self):
        split = (RIGHT - {("300499.SZ", Role.RECOMMENDED, "ye-leng")}) | {
            ("300499.SZ", Role.RECOMMENDED, "")
        }
        assert score(CASE, Found(securities=split)).themed == Tally(2, 1, 1)

    def test_a_wrong_role_counts_for_the_recommended_and_for_the_roles(self):
        wrong = (RIGHT - {("000858.SZ", Role.MENTIONED, "")}) | {
            ("000858.SZ", Role.RECOMMENDED, "")
        }
        total = score(CASE, Found(securities=wrong))
        assert total.recommended == Tally(4, 1)
        assert total.named == Tally(5)
        assert total.roles == Tally(4, 1)

    def test_questions_that_nobody_needs_are_counted(self):
        case = replace(CASE, doubts=load_cases()[0].doubts)
        asked = Found(securities=RIGHT, doubts=(("数据", ("603881.SH",)),))
        assert score(case, asked).doubts == Tally(0, 1, len(case.doubts))

    def test_every_case_read_as_labelled_scores_one(self):
        for case in CASES:
            found = Found(
                securities=frozenset(
                    (s.listing, s.role, f"theme-{label}" if label else "")
                    for s in case.securities
                    for label in (s.themes[:1] or ("",))
                ),
                doubts=tuple((doubt.printed, (doubt.listing,)) for doubt in case.doubts),
            )
            for compared in compare(case, found):
                if compared.measure != "themed":
                    assert (compared.wrong, compared.missing) == ((), ()), case.id

    def test_labels_of_the_baskets_that_ship_have_their_slugs(self):
        assert same_theme("磷化铟", "inp-substrates")
        assert not same_theme("铜", "compute-leasing")
        assert not same_theme("白酒", "")
