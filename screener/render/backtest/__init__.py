"""Backtests on the terminal: events, ways to buy them, and what money makes of them."""
