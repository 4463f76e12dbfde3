"""Servers that only the soak has the time to start."""

from tests.support.desk import desk, empty_desk, place, servers

__all__ = ["desk", "empty_desk", "place", "servers"]
