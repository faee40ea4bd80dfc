"""The screen of a race: its trainings as curves and as a table. Read table, then screen."""
