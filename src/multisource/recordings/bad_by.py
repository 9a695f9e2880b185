"""The words that say how bad channels are told: modules far from the settings need them too."""

MARKED, AUTO = "marked", "auto"  # by the file, or found
