"""Whether a suggested learning rate holds in training: short trainings decide.

Reading order: `verdict` (the race and what it says), `trial` (one short training), `trial_setup`
(the live objects behind it), `budget` (steps and seconds).
"""
