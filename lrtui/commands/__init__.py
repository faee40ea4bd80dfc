"""Subcommands without a screen, one file each: `run` does the work of the app.

`answer` prints the answer of a run, `progress` its progress, `streams` writes to stdout and stderr.
"""
