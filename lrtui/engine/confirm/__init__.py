"""Short trainings at candidate rates, from the same start, that confirm or refute a suggestion."""
