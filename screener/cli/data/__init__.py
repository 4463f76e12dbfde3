"""Commands about the data: import and status, update, health, versions."""
