"""What can be picked for a run: models, data sets, optimizers, losses, metrics, steps.

Nothing here imports torch or runs user code. Reading order: `offers` (what a pick asks for),
`targets` (how a pick is named), `fields` (from a parameter to a form field), `source` (offers of a
file, by parsing), `values` (text to value and back), `trust` (what a person has agreed to run),
`imports` and `searchpath` (what that brings with it), `guard` (a worker holds to it), then the
rest.
"""
