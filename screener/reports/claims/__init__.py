"""What a report claims: figures, moves, periods, and of whom."""
