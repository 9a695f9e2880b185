"""How sure a network may be of what it says: is anything there, how many sources, how far off."""
