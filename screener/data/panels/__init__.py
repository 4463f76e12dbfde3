"""Tables of the lake as arrays: sessions by listings, on one grid."""
