"""How a worker starts, and the thread that drives a run for a front end.

Reading order: `driver` (what a front end holds), `worker_driver`, `live_driver`, `record_driver`
and `journal_driver` (a run in a worker, on live objects, a saved one, one that goes on elsewhere),
`process` (a worker process and its pipes), `session` and `questions` (spare workers, and what forms
ask them), `ranks` (what keeps several processes from being started), `machine` (what this machine
has). `remote` is a worker on another machine.
"""
