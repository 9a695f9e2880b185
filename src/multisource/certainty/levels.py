"""The levels at which it is said how far a source may be from where it is said to be."""

LEVELS = (0.5, 0.8, 0.95)
