"""The metrics: each a small pure function beside its formula and source, all of them listed in `catalogue`."""
