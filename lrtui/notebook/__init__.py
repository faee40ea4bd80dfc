"""How answers show themselves in Jupyter, and how far a test is there and in scripts.

progress    the bar of `LRFinder.range_test`
card        the HTML of an answer
picture     the SVG in it: no JavaScript, and the colours of the notebook's own theme
ticks       round numbers for an axis

Plain Python without numpy and torch.
"""
