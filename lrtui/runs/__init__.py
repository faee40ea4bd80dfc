"""Run records on disk: list, save, recover."""
