"""Random baskets and dates matched to the real ones."""
