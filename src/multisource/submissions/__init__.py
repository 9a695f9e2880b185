"""Estimates made elsewhere: a frozen set of windows, its check, and the scores of a submission."""
