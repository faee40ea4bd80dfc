"""Many tests from one description, and what runs them.

Reading order: `grid` (a spec, and the values of its fields that vary), `executor` (what runs tests,
as a Protocol), `sweep` (runs those that are not done), `identity` and `ledger` (which are done),
`places`, `lane` and `local` (GPUs and cores, the workers at one of them, the pool), `away` and
`ray_pool` (a test on another machine; Ray), `results` (the rows, and which to take).
"""
