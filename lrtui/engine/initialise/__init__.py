"""Another initialisation of the same model, for repeats. Start at `reinitialise`."""
