"""The parent of every worker: it ends what worker and front end leave behind. Plain Python only.

Reading order: `lifeline` (what a front end and a keeper say to each other), `keep` (the process),
`descendants` (what a worker has started), `pulse` (that a run gets on), `control` (how another
process stops a run).
"""
