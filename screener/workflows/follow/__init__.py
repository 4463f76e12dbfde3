"""Follow events with one account: stream in, equity curve and events out."""
