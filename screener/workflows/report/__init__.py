"""Reports: add, check, list; baskets made from them."""
