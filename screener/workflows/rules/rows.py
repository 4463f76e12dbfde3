"""The rules of a listing on a day as rows, and as a document."""

from __future__ import annotations

from screener.results.rules import RULES
from screener.workflows.rules.result import RulesPage

__all__ = ["rules_document", "rules_rows"]


def rules_rows(page: RulesPage) -> list[dict[str, object]]:
    """Return one row per rule with the columns of `RULES`."""
    return [
        {
            "listing": page.listing,
            "at": page.at,
            "group": rule.group,
            "rule": rule.rule,
            "side": rule.side or None,
            "value": rule.value,
            "unit": rule.unit or None,
            "currency": rule.currency or None,
            "minimum": rule.minimum,
            "maximum": rule.maximum,
            "text": rule.text,
            "why": rule.why or None,
            "valid_from": rule.start,
            "valid_to": rule.end,
            "verified": rule.verified,
            "source": rule.source,
        }
        for rule in page.rules
    ]


def rules_document(page: RulesPage) -> dict[str, object]:
    """Return the page as one document for JSON: the listing's state, then the rows of the CSV."""
    return {
        "listing": page.listing,
        "board": page.board,
        "at": page.at,
        "session": page.session,
        "known": dict(page.known),
        "data_version": page.data_version,
        "simulated": page.simulated,
        "remarks": list(page.remarks),
        "columns": list(RULES.names),
        "rows": rules_rows(page),
    }
