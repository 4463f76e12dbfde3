"""Screen: listings that pass, and why the others do not."""
