"""Backtest: events to rows."""
