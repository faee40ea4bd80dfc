"""What a program is to the shell and the terminal that started it.

In reading order: `signals` (which end a process), `streams` (stdout and stderr whose reader may go
away), `ascii` (for terminals that show no more) and `status_line` (one that is replaced).
"""
