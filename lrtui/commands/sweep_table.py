"""The results of a sweep as a table, as a chart of all curves, and as JSON."""

import math
import os
import shutil
from collections.abc import Iterator, Sequence

import msgspec

from lrtui.commands.streams import json_text, printable
from lrtui.record import RunRecord
from lrtui.report.pick import Pick
from lrtui.sweep.results import Results, Row

SCHEMA = "lrtui.sweep/1"
MOST_CURVES = 8
_RIGHT = ("lr", "lowest loss", "seconds")
_CHART_HEIGHT = 20
_WIDEST_CHART = 110
_COLOURS = ("blue+", "orange+", "green+", "red+", "magenta+", "cyan+", "gray+", "yellow")


def table_lines(found: Results) -> Iterator[str]:
    """A line for each test, then which to take and why."""
    header = ["", "#", *found.labels, "lr", "interval", "lowest loss", "verdict", "seconds"]
    taken = {pick.name for pick in found.picks}
    rows = [header, *(_cells(row, row.name in taken) for row in found.rows)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(header))]
    for row in rows:
        parts = []
        for title, width, cell in zip(header, widths, row, strict=True):
            parts.append(cell.rjust(width) if title in _RIGHT else cell.ljust(width))
        yield printable("  ".join(parts).rstrip())
    for pick in found.picks:
        yield printable(_pick_text(pick))
    caveat = found.picks[-1].caveat
    if caveat:
        yield printable(caveat)


def chart_lines(found: Results) -> list[str]:
    """The curves on one axis, printed; of more than eight those with the lowest losses."""
    from lrtui.analysis.trend import loss_trend
    from lrtui.runs.curves import curves_of

    drawn = _lowest_rows(found.rows)
    if not drawn:
        return []
    import plotext

    colours = not os.environ.get("NO_COLOR")
    plotext.clear_figure()
    for set_colour in (plotext.canvas_color, plotext.axes_color, plotext.ticks_color):
        set_colour("default")
    for row, colour in zip(drawn, _COLOURS, strict=False):
        assert row.record is not None  # it has a curve
        trend = loss_trend(curves_of(row.record))
        marker = "braille" if colours else row.name[-1]
        label = _legend(found, row)
        lr, value = trend.lr.tolist(), trend.value.tolist()
        plotext.plot(lr, value, label=label, color=colour, marker=marker)
    plotext.xscale("log")
    plotext.ylim(*_limits(drawn))
    plotext.xlabel("learning rate")
    plotext.plot_size(min(_WIDEST_CHART, shutil.get_terminal_size().columns), _CHART_HEIGHT)
    text: str = plotext.build()
    plotext.clear_figure()
    if not colours:
        text = plotext.uncolorize(text)
    return [line.rstrip() for line in text.splitlines()]


def document(found: Results) -> str:
    """The results as one JSON document."""
    return json_text(
        {
            "schema": SCHEMA,
            "varied": list(found.labels),
            "tests": [_test(row) for row in found.rows],
            "picks": [
                {"test": int(pick.name or 0) or None, "reason": pick.reason, "caveat": pick.caveat}
                for pick in found.picks
            ],
        }
    )


def _cells(row: Row, is_taken: bool) -> list[str]:
    compared, suggestion = row.contender, None
    if compared is not None:
        suggestion = compared.suggestion
    lr = interval = lowest = seconds = ""
    if suggestion is not None and suggestion.lr is not None:
        lr = f"{suggestion.lr:.1e}"
    if suggestion is not None and suggestion.low is not None and suggestion.high is not None:
        interval = f"{suggestion.low:.1e} to {suggestion.high:.1e}"
    if compared is not None and compared.lowest is not None:
        lowest = f"{compared.lowest[1]:.4g}"
    if row.outcome is not None:
        seconds = f"{row.outcome.seconds:.1f}"
    sign = "→" if is_taken else " "
    return [sign, row.name, *row.varied, lr, interval, lowest, _verdict(row), seconds]


def _verdict(row: Row) -> str:
    if row.outcome is None:
        return "not run"
    if row.outcome.status == "failed":
        return f"failed: {row.outcome.reason}"
    compared = row.contender
    if compared is None or compared.suggestion is None:
        return row.outcome.status
    return compared.suggestion.verdict.replace("_", " ")


def _pick_text(pick: Pick) -> str:
    if not pick.name:
        return f"no row to take: {pick.reason}"
    return f"take {pick.name}: {pick.reason}"


def _lowest_rows(rows: Sequence[Row]) -> list[Row]:
    """The rows to draw, in the order of the grid."""
    with_curve = [row for row in rows if row.contender is not None]
    kept = {row.number for row in sorted(with_curve, key=_lowest)[:MOST_CURVES]}
    return [row for row in with_curve if row.number in kept]


def _lowest(row: Row) -> float:
    if row.contender is None or row.contender.lowest is None:
        return math.inf
    return row.contender.lowest[1]


def _limits(rows: Sequence[Row]) -> tuple[float, float]:
    """From the lowest loss to a little above the first ones: what diverges leaves the chart."""
    bottom = min(map(_lowest, rows))
    first = [_first_loss(row.record) for row in rows if row.record is not None]
    top = max([*first, bottom])
    margin = 0.1 * (top - bottom) or 1.0
    return bottom - margin, top + margin


def _first_loss(record: RunRecord) -> float:
    losses = [loss for loss in record.history.loss if loss is not None and math.isfinite(loss)]
    return losses[0] if losses else -math.inf


def _legend(found: Results, row: Row) -> str:
    what = " · ".join(row.varied) if found.labels else "run"
    return printable(f"{row.number} {what}")


def _test(row: Row) -> dict[str, object]:
    compared, outcome = row.contender, row.outcome
    suggestion = None if compared is None else compared.suggestion
    lowest = None if compared is None else compared.lowest
    return {
        "test": row.number,
        "varied": list(row.varied),
        "key": row.test.key,
        "done": outcome is not None,
        "before": row.before,
        "status": None if outcome is None else outcome.status,
        "reason": "" if outcome is None else outcome.reason,
        "seconds": None if outcome is None else outcome.seconds,
        "record": None if outcome is None else outcome.record or None,
        "suggestion": suggestion,
        "lowest": None if lowest is None else {"lr": lowest[0], "loss": lowest[1]},
        "spec": msgspec.to_builtins(row.test.spec),
    }
