"""The runs screen: every run that is kept or still goes on, found, compared, opened, run again.

Reading order: `rows` (what a line says), `model` (search, order, cursor; no Textual), `table`
(draws the visible lines alone), `preview`, `screen`, and `opening`, which other screens call.
"""
