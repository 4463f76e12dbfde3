"""Following: a stream of events held with one account, each in a slot of its own."""
