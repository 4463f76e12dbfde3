"""Which column is which field, in what unit, and its cells as values."""
