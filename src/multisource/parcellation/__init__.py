"""Names of the regions of the cortex, for every vertex and dipole of any head."""
