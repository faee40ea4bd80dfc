"""`lrtui run`: the worker and the events of the app, without a screen.

In reading order: `headless` (the specs of a call, one after the other), `measure` (one of them, in
a worker), `progress` (its events as lines on stderr), `result` (what is printed and saved of it).
"""
