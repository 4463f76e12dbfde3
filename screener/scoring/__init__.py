"""Scoring: ratings held to their houses' own definitions, beside what chance alone gives."""
