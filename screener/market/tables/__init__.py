"""Rule tables as TOML, each row with its dates and its source."""
