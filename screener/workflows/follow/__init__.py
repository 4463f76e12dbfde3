"""Follow events with one purse: stream in, equity curve and events out."""
