"""Python files read by parsing: what they define, with fields and help. Nothing in them is executed."""
