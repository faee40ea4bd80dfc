"""The chart: axis, window, thinning by column, and the widget that redraws only the rows that changed."""
