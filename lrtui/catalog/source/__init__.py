"""Offers of a Python file, by parsing it. Nothing in the file is executed."""
