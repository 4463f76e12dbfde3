"""Results as pages: one file each, in two languages, that asks nothing of any network."""
