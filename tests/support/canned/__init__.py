"""Replies of outside sources, made from a simulated market."""
