"""How the form is drawn, from its fields to lines of text. No widgets.

Read in this order: `rows` (what stands on the form), `sections` (which rows there are now, with the
`notes` below them), `line` and `paint` (rows as lines), `outlook` (what will happen, with the last
runs of `recent`), and `view`, which puts the lines that fit on the screen.
"""
