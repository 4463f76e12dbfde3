"""Scoring: ratings held to their brokers' own definitions, beside the base rate."""
