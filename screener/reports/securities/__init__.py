"""Which securities a text names, by code or name, in which role and theme."""
