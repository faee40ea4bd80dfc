"""The training process. Read `__main__` (commands in), `service`, `runner`, `recorder`."""
