"""Runs against theory: each case cites its source. `make fidelity` prints the whole table."""
