"""The result tables: every column of every result, declared once."""
