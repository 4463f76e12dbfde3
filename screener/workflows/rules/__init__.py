"""Rules: which hold for a listing on a day."""
