"""The chart: a picture as plain data becomes rows of cells, and a widget sends those that changed.

picture     what a chart shows: curves, marks, trials, a metric
axis        the visible range of the x axis: columns, ticks, zoom and pan
thinning    a growing curve in a fixed number of columns; sampling: a line in columns of dots
window      the range of losses that is drawn, and its ticks
raster      dots and lines as braille
layout      which rows are what, and what a low chart leaves out
canvas      the curves in cells; legend, marks and panels around them; glyphs: every character
plotting    all of it together
widget      the Textual widget
"""
