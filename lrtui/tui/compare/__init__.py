"""Compare: the marked runs on one axis, what differs between them, and which to pick.

Reading order: `marks` (colour and marker of a run, on every screen), `contenders` (a record as what
is compared), `pictures` (the curves), `table` (what differs, and the pick), `view`, `screen`.
"""
