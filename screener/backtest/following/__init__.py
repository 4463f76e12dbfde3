"""Following: a stream of events held with one purse, each in a slot of its own."""
