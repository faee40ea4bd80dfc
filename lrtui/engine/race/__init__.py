"""Whether a suggested learning rate holds in training: a race of short trainings decides.

Reading order: `race` (the two parts of it), `trial` (one short training) and `paces` (its learning
rates), `trial_setup` (the live objects behind it), `budget` (steps and seconds). Which rates are
tried and what the trials show is in `lrtui.analysis`: `race`, `race_pairs`, `race_standing`,
`race_verdict`.
"""
