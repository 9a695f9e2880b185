"""Channels: their names, lists of them, and the tables that people write them in."""
