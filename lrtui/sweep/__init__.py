"""Several runs from one description.

grid      a spec, and the values of those of its fields that vary
"""
