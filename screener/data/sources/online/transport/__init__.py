"""How sources are asked: one client, rates, circuit breakers, failures."""
