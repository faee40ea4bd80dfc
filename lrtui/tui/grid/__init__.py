"""Grids in the app: several runs from one page, one after the other, compared at the end.

Reading order: `texts` (what a person types becomes a grid), `setup` (the page), `runs` (which run
is next; no Textual), `screen`, and `opening`, which other screens call.
"""
