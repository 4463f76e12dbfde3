"""Who wrote a report: broker, analysts, notes that it quotes."""
