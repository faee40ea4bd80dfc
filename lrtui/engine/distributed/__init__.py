"""A test on a model that several processes train together: the same curve and end on every rank.

Reading order: `ranks` (what all ranks agree on), `wrapped` (what DDP and FSDP2 have to be told),
`step` and `validation` (the engine's, with means over the ranks), `epochs` (distributed samplers).
"""
