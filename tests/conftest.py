"""Settings that every test shares."""

import os

# Decided before JAX is imported: the suite is written for the CPU, also on a
# machine that has an accelerator. Set the variable to run it elsewhere.
os.environ.setdefault("JAX_PLATFORMS", "cpu")
# Files of the machine's user, such as matplotlib windows, are never opened.
os.environ.setdefault("MPLBACKEND", "Agg")
