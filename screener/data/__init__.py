"""Market data: the lake, its schema, and the sources that fill it."""
