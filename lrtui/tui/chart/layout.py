"""Layout: which rows of a chart are what, and what a low chart leaves out.

As a chart gets lower, the metric panel shrinks and goes first, then the trials, the legend and the
interval; what stays is the curve with the names of its marks.
"""

from dataclasses import dataclass

from lrtui.tui.chart.picture import LABEL, Picture, canvas_columns

MIN_WIDTH, MIN_HEIGHT = LABEL + 12, 6
_INTERVAL_FROM, _LEGEND_FROM = 9, 11  # rows of the chart
_CANVAS_FIRST = 8  # rows that the curve gets before any panel
_PANEL_ROWS = (2, 5)  # of trials or metric, without the title


@dataclass(frozen=True)
class Panel:
    """A title row and the rows below it."""

    title: int
    rows: int

    @property
    def top(self) -> int:
        """The first row below the title."""
        return self.title + 1


@dataclass(frozen=True)
class Layout:
    """Rows from the top. The first row has the name of the y axis, and the legend."""

    width: int
    height: int
    labels: int  # row of the names of the marks
    top: int  # first row of the canvas
    rows: int  # of the canvas
    legend: bool
    interval: int | None  # its row
    tried: Panel | None
    metric: Panel | None

    @property
    def columns(self) -> int:
        """Columns of the canvas."""
        return canvas_columns(self.width)

    @property
    def axis(self) -> int:
        """Row of the x axis; its labels are in the next one."""
        return self.top + self.rows


def can_be_drawn(width: int, height: int) -> bool:
    """Whether a chart of this size has room for a curve."""
    return width >= MIN_WIDTH and height >= MIN_HEIGHT


def layout_of(picture: Picture, width: int, height: int) -> Layout:
    """The layout of a picture on a chart that can be drawn."""
    legend = picture.legend and height >= _LEGEND_FROM
    # reserved while the curves grow, so that an interval that comes or goes moves nothing
    wants_interval = picture.interval is not None or not picture.settled
    has_interval = wants_interval and height >= _INTERVAL_FROM
    labels = int(legend)
    top = labels + 1
    left = height - top - 2 - int(has_interval)
    tried_rows, metric_rows = _panel_rows(left, bool(picture.tried), picture.metric is not None)
    rows = left - _with_title(tried_rows) - _with_title(metric_rows)
    below = top + rows + 2
    interval = None
    if has_interval:
        interval = below
        below += 1
    tried = Panel(below, tried_rows) if tried_rows else None
    below += _with_title(tried_rows)
    metric = Panel(below, metric_rows) if metric_rows else None
    return Layout(width, height, labels, top, rows, legend, interval, tried, metric)


def _with_title(rows: int) -> int:
    if not rows:
        return 0
    return rows + 1


def _panel_rows(left: int, tried: bool, metric: bool) -> tuple[int, int]:
    """Rows of the trials and of the metric, without their titles; 0 where there is no room."""
    least, most = _PANEL_ROWS
    most = min(most, max(least, left // 6))
    spare = left - _CANVAS_FIRST
    rows = []
    for wanted in (tried, metric):
        own = 0
        if wanted and spare >= least + 1:
            own = min(most, spare - 1)
            spare -= own + 1
        rows.append(own)
    return rows[0], rows[1]
