"""Sources of market data, each behind one door."""
