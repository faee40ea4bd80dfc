"""The run screen: events become a state, a view of its curves, a picture and a panel.

Reading order: `state` (events folded), `view_options`, `display`, `curve_view` (what is computed of
the curves), `boundaries`, `model` (all of it together; no Textual), `pictures`, `answer_panel`,
`status`, `header`, `screen`.
"""
