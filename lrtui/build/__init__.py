"""From a RunSpec to live objects. Worker only: imports torch, libraries and the user's own code."""
