"""Faults, signals and hostile input, tried with real processes."""
