"""The main screens as pictures: for the README, and to notice when one changes.

Reading order: `records` (runs of the sample models on the digits, as `lrtui run` kept them),
`scenes`, `__main__` (writes the README's pictures), `cells` (what of a picture is compared),
`test_readme`, `test_snapshots`.
"""
