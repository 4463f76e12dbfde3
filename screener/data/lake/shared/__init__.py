"""One lake for many: its catalog in PostgreSQL, its data in an object store."""
