"""Fuzzing: whatever others wrote is read or refused in one line, and never a traceback.

Reading order: `targets` (what reads the input, and what it may raise), `mutate` (how an input is
changed), `fuzz` (the loop that counts), `__main__` (the command `python -m tests.fuzz`). In CI
`test_targets` runs the same mutators by hypothesis.
"""
