"""Market rules by date: calendars, order cut-offs, price limits. Rules are data, in `tables/`."""
