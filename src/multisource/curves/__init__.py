"""How methods do as one property of the windows changes."""
