"""Subcommands without a screen, one file each: `run` does the work of the app.

`opening` reads what `show`, `compare` and `export` are given, `answer` and `chart` put a run into
lines, `streams` writes to stdout and stderr.
"""
