"""Bringing the lake up to date: plan, ask, validate, commit."""
