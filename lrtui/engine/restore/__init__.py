"""Putting model, optimizer and random states back exactly as they were. Start at `snapshot`."""
