"""One account whose names are chosen anew from time to time: targets in, curve and ledger out."""
