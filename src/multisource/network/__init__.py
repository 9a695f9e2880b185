"""The network: what it learns from, its training, and its maps."""

import os

# OpenMP reads this once, when torch is loaded. Its threads otherwise spin while they wait, which
# on a machine with other work costs several times the processor time; numbers do not change.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# Large arrays in pages of 2 MB, where the system has such: the gradient of a layer is made anew in
# every step, and each page is cleared before it is handed out. Numbers do not change.
os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")
