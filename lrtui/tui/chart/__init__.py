"""The chart: curves as braille text. Read axis, thinning, window, plotting, then widget."""
