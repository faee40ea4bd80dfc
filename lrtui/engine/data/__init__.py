"""Batches: where they come from, how they move to the device.

Reading order: `batches` (loaders and their iterators), `transfer` (to the device), `batch_size`,
`replay` (the same batches again for a repeat). What the items of a batch are is in
`lrtui.engine.reading`.
"""
