"""How a worker starts, and the thread that drives a run for a front end.

Reading order: `driver` (what a front end holds), `worker_driver` and `live_driver` (its two kinds),
`process` (a worker process and its pipes), `session` and `questions` (spare workers, and what forms
ask them), `machine` (what this machine has).
"""
