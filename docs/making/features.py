"""The table of features: what other tools have, and the command that shows it here."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from docs.making.words import cell, code, heading, table
from screener.language import Language, bound

__all__ = ["features", "features_page"]


def features() -> list[Mapping[str, Any]]:
    """Return the rows of the table, in order."""
    text = Path(__file__).with_name("features.toml").read_text(encoding="utf-8")
    return list(tomllib.loads(text)["rows"])


def features_page() -> str:
    """Return the page of the table."""
    lines = heading(
        "Feature table",
        "What the best tools have each for themselves, and the command that shows it here.",
        source="from docs/making/features.toml",
    )
    chinese = bound() is Language.ZH
    lines += table(
        ("", "feature", "command"),
        (
            (
                str(row["n"]),
                cell(row["zh" if chinese else "en"]),
                row.get("not_wanted") or ", ".join(map(code, row["by"].split("; "))),
            )
            for row in features()
        ),
    )
    return "\n".join(lines)
