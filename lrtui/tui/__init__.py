"""The app: edits a RunSpec in a form, shows the events of a run, moves two boundaries. No torch.

Reading order: `app`, then `form/` (a spec from choices and settings) and `run/` (a run's events
become a state that is drawn), `chart/` (the picture of the curves), `dialogs/` and `widgets/`.
`terminal` and `clean` guard the user's terminal, `changes` sends it only what changed; `keys` and
`keymap` bind keys.
"""
