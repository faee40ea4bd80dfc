"""Grids in the app: several runs from one page, compared at the end.

They go one after the other, or one on each GPU.

Reading order: `texts` (what a person types becomes a grid), `setup` (the page), `runs` (which run
is next; no Textual), `screen`, and `opening`, which other screens call.
"""
