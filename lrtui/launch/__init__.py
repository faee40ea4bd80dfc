"""How a worker starts, and the thread that drives a run for a front end.

Reading order: `driver` (what a front end holds), `worker_driver`, `live_driver` and `record_driver`
(a run in a worker, on live objects, and a saved one), `process` (a worker process and its pipes),
`session` and `questions` (spare workers, and what forms ask them), `machine` (what this machine
has). `remote` is a worker on another machine.
"""
