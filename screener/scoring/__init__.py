"""Scoring: ratings held to their brokers' own definitions, beside what chance alone gives."""
