"""Orders as they could be traded: who deals, at what price, with what money."""
