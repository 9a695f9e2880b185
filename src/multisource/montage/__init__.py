"""Montages: where electrodes are, from any file or standard, and how they come onto a head."""
