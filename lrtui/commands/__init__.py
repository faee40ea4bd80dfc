"""Subcommands without a screen, one file each. `run` does the work of the app; `streams` writes."""
