"""A file as a table: bytes, text, workbooks, Parquet, within bounds."""
