"""Sentences with figures: whom they speak of, and what of which period they state."""
