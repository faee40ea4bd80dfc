"""Batches: where they come from, how they move to the device, what a forward takes of them.

Reading order: `batches` (loaders and their iterators), `transfer` (to the device), `signature`
(what a forward takes), `batch_size`, `replay` (the same batches again for a repeat).
"""
