"""Workspaces on disk: find one, make one, read its cards and baskets, write a basket."""
