"""From a RunSpec to live objects. Worker only: imports torch, libraries and the user's own code.

Reading order: `assemble` (the whole path), then one file for each part of a run: `device`,
`loaders` and `first_batch`, `models`, `optimizers`, `losses`, `metrics`. `instantiate` turns a
choice into an object, `dry_run` tries the first batch, `explain` says why it failed. `introspect`
lists what a module offers.
"""
