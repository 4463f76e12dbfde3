"""Fields of the screen as TOML: what each is, its unit, its tables, its rule."""
