"""Widgets that several screens use. Each is cheap to paint: see their docstrings."""
