"""Multi-source EEG localization: anatomy, leadfields, simulation, network, inverse, evaluation.

Nothing heavy is imported here: the Snakefile imports this package in every job.
"""

__version__ = "0.1.0"
