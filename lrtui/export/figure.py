"""A record as a picture for a paper: PNG, SVG or PDF by matplotlib, with its fonts embedded.

It is as wide as a column of a page with two, where its text is read as it is. It uses the objects
of matplotlib alone: pyplot's state and backend are the user's.
"""

import io
from typing import TYPE_CHECKING, Any

from lrtui.export.content import (
    Content,
    ending_line,
    origin,
    printable,
    refusal,
    require,
)
from lrtui.export.drawing import Drawing, drawing_of
from lrtui.export.figure_style import SMALLEST, TEXT, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, HEIGHT, TRIALS_HEIGHT = 3.5, 2.7, 0.9  # inches
DPI = 400  # of a PNG
_MOST_LETTERS = 120  # of a line, before it is cut to the width
_FEW_POINTS = 60

# of Okabe and Ito: told apart by most readers; in grey by their shapes
_BATCHES, _TREND, _ANSWER, _BOUNDS = "#6f6f6f", "#0072b2", "#009e73", "#d55e00"
_DASHES = (0, (4, 2))


def figure_bytes(content: Content, kind: str) -> bytes:
    """The picture as a file of this kind: "png", "svg" or "pdf".

    Raises:
        ExportError: matplotlib is missing, or nothing was measured.
    """
    require("matplotlib", kind, "'lrtui[plot]'")
    drawing = drawing_of(content)
    buffer = io.BytesIO()
    with styled(content.record.id):
        figure = figure_of(content, drawing)
        figure.savefig(buffer, format=kind, dpi=DPI, metadata=_metadata(content, kind))
    return buffer.getvalue()


def _metadata(content: Content, kind: str) -> dict[str, Any]:
    """The title, the run and the versions, under the names that the kind of file has for them."""
    title, source = printable(content.title), printable(origin(content.record))
    match kind:
        case "pdf":
            return {"Title": title, "Subject": source, "Creator": "lrtui", "CreationDate": None}
        case "svg":
            return {"Title": title, "Description": source, "Creator": "lrtui", "Date": None}
        case _:
            return {"Title": title, "Description": source, "Software": "lrtui"}


def figure_of(content: Content, drawing: Drawing) -> "Figure":
    """The loss over the learning rate; below it what the trials of a race reached."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    trials = content.standings
    height = HEIGHT + (TRIALS_HEIGHT if trials else 0.0)
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    FigureCanvasAgg(figure)
    if trials:
        ratios = [HEIGHT, TRIALS_HEIGHT]
        curve, below = figure.subplots(2, 1, sharex=True, height_ratios=ratios)
        _draw_trials(below, content)
    else:
        curve = below = figure.subplots()
    _draw_curve(curve, content, drawing)
    below.set_xlabel("learning rate")
    if drawing.log_lr:
        _logarithmic(below, *drawing.x)
    below.set_xlim(*drawing.x)
    _draw_words(figure, content)
    return figure


def _logarithmic(axes: "Axes", first: float, last: float) -> None:
    """Decades on the axis; where it is shorter than one, a few rates as they are written."""
    from matplotlib.ticker import LogLocator, NullFormatter

    axes.set_xscale("log")
    if last < 10 * first:
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 3, 5, 7)))
        axes.xaxis.set_major_formatter("{x:.3g}")
    axes.xaxis.set_minor_formatter(NullFormatter())


def _draw_words(figure: "Figure", content: Content) -> None:
    """The title and the key above the curve; where it comes from below."""
    handles: list[Any] = []
    labels: list[str] = []
    for axes in figure.axes:
        drawn, names = axes.get_legend_handles_labels()
        handles += drawn
        labels += names
    figure.legend(
        handles,
        labels,
        title=_fitted(figure, content.title, TEXT),
        alignment="left",
        loc="outside upper left",
        ncols=3 if len(labels) > 4 else 2,
        markerscale=1.2,
    )
    footer = (origin(content.record), ending_line(content.record))
    lines = "\n".join(_fitted(figure, line, SMALLEST) for line in footer)
    figure.supxlabel(lines, fontsize=SMALLEST, color="#555555")


def _draw_curve(axes: "Axes", content: Content, drawing: Drawing) -> None:
    for index, (lr, loss) in enumerate(drawing.batches):
        label = "batches" if index == 0 else None
        size = 4 if len(lr) < _FEW_POINTS else 2.2
        axes.plot(lr, loss, ".", color=_BATCHES, markersize=size, alpha=0.7, mew=0, label=label)
    if drawing.band is not None:
        band = drawing.band
        label = f"{len(drawing.batches)} repeats"
        axes.fill_between(
            band.lr, band.low, band.high, color=_TREND, alpha=0.25, linewidth=0, label=label
        )
    axes.plot(drawing.trend.lr, drawing.trend.value, color=_TREND, linewidth=1.2, label="trend")
    _draw_answer(axes, content, drawing)
    axes.set_ylim(*drawing.y)
    axes.set_ylabel(drawing.y_label)


def _draw_answer(axes: "Axes", content: Content, drawing: Drawing) -> None:
    """The suggested rate, its interval and the boundaries, as far as there are any."""
    suggestion = content.suggestion
    if suggestion is None or suggestion.lr is None:
        axes.plot([], [], " ", label=refusal(content))
    else:
        axes.axvline(suggestion.lr, color=_ANSWER, lw=1.2, label=f"lr {suggestion.lr:.1e}")
        value = drawing.trend.at(suggestion.lr)
        if value is not None:
            axes.plot([suggestion.lr], [value], "o", color=_ANSWER, markersize=4)
        if suggestion.low is not None and suggestion.high is not None:
            label = f"interval {suggestion.low:.1e}, {suggestion.high:.1e}"
            axes.axvspan(
                suggestion.low, suggestion.high, color=_ANSWER, alpha=0.16, lw=0, label=label
            )
    if content.bounds is not None:
        start, end = content.bounds.start_lr, content.bounds.end_lr
        label = f"boundaries {start:.1e}, {end:.1e}"
        axes.axvline(start, color=_BOUNDS, lw=0.9, ls=_DASHES, label=label)
        axes.axvline(end, color=_BOUNDS, lw=0.9, ls=_DASHES)


def _draw_trials(axes: "Axes", content: Content) -> None:
    """A point for each rate of the race: the loss that it reached. Blown-up ones are crosses."""
    rows = content.standings
    reached = [(row.lr, row.loss, row.standing) for row in rows if row.loss is not None]
    axes.margins(y=0.2)
    axes.set_ylabel(f"{_escaped(content.judged_by)}\nafter trials".replace("validation", "val."))
    axes.plot([lr for lr, _, _ in reached], [loss for _, loss, _ in reached], color=_TREND, lw=0.8)
    styles = {"pick": ("*", _ANSWER, 7), "as good": ("o", _ANSWER, 3.5)}
    seen: set[str] = set()
    for lr, loss, standing in reached:
        marker, colour, size = styles.get(standing, ("s", _TREND, 3))
        name = standing if standing in styles else "trials"
        label = None if name in seen else name
        seen.add(name)
        axes.plot([lr], [loss], marker, color=colour, markersize=size, ls="", label=label)
    blown_up = [row.lr for row in rows if row.loss is None]
    if blown_up:
        top = axes.get_xaxis_transform()
        axes.plot(
            blown_up, [0.95] * len(blown_up), "x", color=_BOUNDS, ms=4, transform=top,
            label="blew up", clip_on=False,
        )  # fmt: skip


def _fitted(figure: "Figure", text: str, size: float) -> str:
    """A text that is no wider than the picture."""
    text = printable(text)[:_MOST_LETTERS]
    shown = figure.text(0, 0, _escaped(text), fontsize=size)
    kept = text
    while kept and shown.get_window_extent().width > 0.97 * WIDTH * figure.dpi:
        kept = kept[:-1]
        shown.set_text(_escaped(f"{kept}…"))
    shown.remove()
    return str(shown.get_text())


def _escaped(text: str) -> str:
    """Foreign text as it is: matplotlib would read `$…$` as a formula."""
    return printable(text).replace("$", r"\$")
