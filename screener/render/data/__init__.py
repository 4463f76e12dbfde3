"""The data's pages: coverage, audit, store, update, versions."""
