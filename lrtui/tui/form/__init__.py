"""The setup form: choices, their arguments and settings become a RunSpec.

Read in this order: `fields` (which settings stand where), `state` (the texts), `prefill` (the SPEC
of a model's file), `spec_reader` (texts to a RunSpec and problems); then the widgets `field_box`,
`target_input`, `choice_box`, `more` and `body`. `offers`, `completion` and `data_watch` find what
can be picked; `screen` is the frame; `before_run` asks between its run button and a run.
"""
