"""Workers on another machine, through plain ssh.

Reading order: `host` (the machine, its ssh and its lrtui), `wire` (what is said beside the protocol
of workers), `process` (a worker there, for a front end here), `relay` (there: it holds the worker).
"""
