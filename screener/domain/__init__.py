"""Values and invariants. Nothing here reads a clock, a file or a network."""
