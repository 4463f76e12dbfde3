"""Placebos of events: matched random baskets, their market, and what they tell."""
