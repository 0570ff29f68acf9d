"""Tests of the whole house.

They run side by side, a process on each processor: threads within each would wait for one another most of the time.
NumPy reads how many it may have when it is loaded, which is after this.
"""

import os

for library in ("OPENBLAS", "OMP"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")
