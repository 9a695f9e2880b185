"""The posterior over patches: what the EEG of a window says, and how surely."""

from pathlib import Path

from multisource.posterior.stale import forget_stale

# Its compiled functions call each other across modules.
forget_stale(Path(__file__).parent)
