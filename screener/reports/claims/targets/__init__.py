"""Target prices: whose, from prose, from figures in a row, from tables."""
