"""One cash account for several names: its models, its trades, its value by the engine."""
