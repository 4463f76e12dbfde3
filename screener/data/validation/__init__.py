"""What arrives is judged: rows, bars, limits, jumps, joins; for imports and updates."""
