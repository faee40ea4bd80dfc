"""Several processes that train one model: started by torchrun, led by the worker.

The worker stays what it was: it reads commands, keeps journal and record, and speaks to the front
end. What it would train itself, it has its ranks train. Reading order: `launcher` (torchrun, and
the end of all), `relay` (what the ranks say), `blame` (which rank a failure is of), `__main__` (a
rank), `lines` (what the two say to each other), `together` (commands and stops that reach all ranks
at the same step), `wrap` (DDP and FSDP2 around what was built).
"""
