"""The screen: fields, criteria, the locked query of a predicate, and why each name passed."""
