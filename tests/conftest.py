"""The suite speaks English whatever the locale; a test of Chinese says so."""

from __future__ import annotations

import os

os.environ["SCREENER_LANG"] = "en"  # before the program is imported
