"""Event windows: when a reader could act, what could be bought, how far the tables reach."""
