"""What part each named security plays: advised, a mover, a risk or only mentioned."""
