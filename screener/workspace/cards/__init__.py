"""Cards of reports: read, merged, written."""
