"""Score: rating calls held to their definitions."""
