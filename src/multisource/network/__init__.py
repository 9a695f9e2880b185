"""The network: what it learns from, its training, and its maps."""

import os

# OpenMP reads this once, when torch is loaded. Its threads otherwise spin while they wait, which
# on a machine with other work costs several times the processor time; numbers do not change.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
