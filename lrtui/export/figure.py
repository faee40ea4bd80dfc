"""A record as a picture for a paper: PNG, SVG or PDF by matplotlib, with its fonts embedded.

It uses the objects of matplotlib alone: pyplot's state and backend are the user's.
"""

import io
from typing import TYPE_CHECKING, Any

from lrtui.export.content import Content, ending_line, origin, printable, require
from lrtui.export.drawing import Drawing, drawing_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, HEIGHT, TRIALS_HEIGHT = 5.5, 3.1, 1.3  # inches; the width of a text column
_DPI = 300  # of a PNG

# of Okabe and Ito: told apart by most readers, also in grey
_BATCHES, _TREND, _ANSWER, _BOUNDS = "#8a8a8a", "#0072b2", "#009e73", "#d55e00"
_SIZES = {"small": 6, "text": 8}

_STYLE = {
    "pdf.fonttype": 42,  # TrueType: publishers refuse type 3
    "ps.fonttype": 42,
    "svg.fonttype": "path",
    "font.family": "DejaVu Sans",  # that comes with matplotlib
    "font.size": _SIZES["text"],
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": False,
    "text.usetex": False,
    "path.simplify": True,
    "legend.frameon": False,
    "legend.fontsize": 7,
}


def figure_bytes(content: Content, kind: str) -> bytes:
    """The picture as a file of this kind: "png", "svg" or "pdf".

    Raises:
        ExportError: matplotlib is missing, or nothing was measured.
    """
    require("matplotlib", kind, "'lrtui[plot]'")
    import matplotlib as mpl

    drawing = drawing_of(content)
    buffer = io.BytesIO()
    with mpl.rc_context():
        mpl.rcdefaults()  # the same picture whatever the user's matplotlibrc says
        style: Any = {**_STYLE, "svg.hashsalt": content.record.id}
        mpl.rcParams.update(style)
        figure = figure_of(content, drawing)
        figure.savefig(buffer, format=kind, dpi=_DPI, metadata=_metadata(content, kind))
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
        below.set_xscale("log")
    below.set_xlim(*drawing.x)
    footer = _escaped(f"{origin(content.record)} · {ending_line(content.record)}")
    figure.supxlabel(_cut(footer, 130), fontsize=_SIZES["small"] - 1, color="#666666")
    return figure


def _draw_curve(axes: "Axes", content: Content, drawing: Drawing) -> None:
    for index, (lr, loss) in enumerate(drawing.batches):
        label = "batches" if index == 0 else None
        axes.plot(lr, loss, ".", color=_BATCHES, markersize=2.2, alpha=0.6, mew=0, label=label)
    if drawing.band is not None:
        band = drawing.band
        label = f"{len(drawing.batches)} repeats"
        axes.fill_between(
            band.lr, band.low, band.high, color=_TREND, alpha=0.2, linewidth=0, label=label
        )
    axes.plot(drawing.trend.lr, drawing.trend.value, color=_TREND, linewidth=1.4, label="trend")
    _draw_answer(axes, content, drawing)
    axes.set_ylim(*drawing.y)
    axes.set_ylabel(drawing.y_label)
    axes.set_title(_cut(_escaped(content.title), 70), fontsize=_SIZES["text"], loc="left")
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), handlelength=1.4)


def _draw_answer(axes: "Axes", content: Content, drawing: Drawing) -> None:
    """The suggested rate, its interval and the boundaries, as far as there are any."""
    suggestion = content.suggestion
    if suggestion is not None and suggestion.lr is not None:
        if suggestion.low is not None and suggestion.high is not None:
            label = f"interval\n{suggestion.low:.1e} to {suggestion.high:.1e}"
            axes.axvspan(
                suggestion.low, suggestion.high, color=_ANSWER, alpha=0.14, lw=0, label=label
            )
        axes.axvline(suggestion.lr, color=_ANSWER, lw=1.2, label=f"lr {suggestion.lr:.1e}")
        value = drawing.trend.at(suggestion.lr)
        if value is not None:
            axes.plot([suggestion.lr], [value], "o", color=_ANSWER, markersize=4)
    if content.bounds is not None:
        start, end = content.bounds.start_lr, content.bounds.end_lr
        label = f"boundaries\n{start:.1e} to {end:.1e}"
        axes.axvline(start, color=_BOUNDS, lw=0.9, ls=(0, (4, 2)), label=label)
        axes.axvline(end, color=_BOUNDS, lw=0.9, ls=(0, (4, 2)))


def _draw_trials(axes: "Axes", content: Content) -> None:
    """A point for each rate of the race: the loss that it reached. Blown-up ones are crosses."""
    rows = content.standings
    reached = [(row.lr, row.loss, row.standing) for row in rows if row.loss is not None]
    axes.margins(y=0.2)
    axes.set_ylabel(f"{_escaped(content.judged_by)}\nafter trials".replace("validation", "val."))
    axes.plot([lr for lr, _, _ in reached], [loss for _, loss, _ in reached], color=_TREND, lw=0.8)
    styles = {"pick": ("o", _ANSWER, 6), "as good": ("o", _ANSWER, 4)}
    seen: set[str] = set()
    for lr, loss, standing in reached:
        marker, colour, size = styles.get(standing, ("o", _TREND, 3.5))
        name = standing if standing in styles else "trials"
        label = None if name in seen else name
        seen.add(name)
        axes.plot([lr], [loss], marker, color=colour, markersize=size, ls="", label=label)
    blown_up = [row.lr for row in rows if row.loss is None]
    if blown_up:
        top = axes.get_xaxis_transform()
        axes.plot(
            blown_up, [0.95] * len(blown_up), "x", color=_BOUNDS, ms=5, transform=top,
            label="blew up", clip_on=False,
        )  # fmt: skip
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), handlelength=1.4)


def _escaped(text: str) -> str:
    """Foreign text as it is: matplotlib would read `$…$` as a formula."""
    return printable(text).replace("$", r"\$")


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip(chr(92))}…"
