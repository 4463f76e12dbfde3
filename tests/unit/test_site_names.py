"""Addresses of a site's pages: one for each, whatever they are called."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any, cast

from screener.render.pages.site import _event_keys, _Names


def test_what_is_no_plain_name_has_an_address_of_letters_and_digits() -> None:
    names = _Names()
    keys = ["R1", "r1", "银河证券", "../../etc/passwd", "a b", "con.", "x" * 300, "<script>"]
    paths = [names.of("reports", key) for key in keys]
    assert paths[0] == "reports/R1.html"
    assert len({path.casefold() for path in paths}) == len(keys)
    assert all(re.fullmatch(r"reports/[A-Za-z0-9][A-Za-z0-9._-]*\.html", path) for path in paths)
    assert [names.of("reports", key) for key in keys] == paths


def page(basket: str, report: str, day: str) -> Any:
    published = SimpleNamespace(day=SimpleNamespace(isoformat=lambda: day))
    return SimpleNamespace(event=SimpleNamespace(basket=basket, report=report, published=published))


def test_two_events_of_one_day_have_two_pages() -> None:
    pages = [page("a", "", "2026-05-01"), page("a", "", "2026-05-01"), page("a", "R1", "x")]
    assert list(_event_keys(cast(Any, pages))) == ["a-2026-05-01", "a-2026-05-01-2", "a-R1"]
