"""Each call held to what it promised, and what stands beside that."""
