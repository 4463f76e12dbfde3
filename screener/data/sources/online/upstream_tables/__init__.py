"""One TOML file per source: what is assumed of it."""
