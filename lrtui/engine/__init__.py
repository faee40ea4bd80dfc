"""The range test itself: live objects in, steps out. Imports torch; knows no files and no screen.

Reading order: `range_test` (the loop on one page), `ramp` and `tracker` (which rates, when to
stop), `step` and `validation` (what one iteration does), `forward` and `data/` (any batch, any
model), `repeats` (several curves), `driven` (in a loop that is not ours). `restore/` puts
everything back after a test; `race/` checks a suggested rate in short trainings.
"""
