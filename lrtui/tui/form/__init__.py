"""The setup form: choices, their arguments and settings become a RunSpec.

Read in this order: `fields` (which settings there are), `state` (the texts), `prefill` (the SPEC of
a model's file), `spec_reader` (texts to a RunSpec and problems), `form` (all of this together);
`offers`, `completion` and `data_watch` find what can be picked. Then `controls` (the cursor, with
`editor` and `pick_list`), the package `page` (how it is drawn), and `body`, the one widget.
`screen` is the frame, `keyboard` gives it its keys one after the other, `before_run` asks between
its run button and a run; `run_command` writes the form as a command.
"""
