"""The legend: what the lines, dots and signs of a chart are."""

from lrtui.tui.chart.glyphs import Glyphs
from lrtui.tui.chart.picture import NO_POINTS, Picture, Role

Entry = tuple[str, Role]


def legend(picture: Picture, said: set[str], glyphs: Glyphs) -> list[Entry]:
    """The entries, the most important first; `said` are the signs that the curves needed."""
    entries: list[Entry] = []
    roles = {curve.role for curve in picture.curves if curve.line is not NO_POINTS}
    if "trend" in roles:
        entries.append((f"{glyphs.line} {glyphs.text(_line_name(picture))}", "trend"))
    if any(curve.dots is not None for curve in picture.curves):
        entries.append((f"{glyphs.dot} batches", "batch"))
    if picture.band is not None:
        entries.append((f"{glyphs.shade} {glyphs.text(picture.band_name)}", "band"))
    elif "repeat" in roles:
        entries.append((f"{glyphs.line} each repeat", "repeat"))
    for curve in picture.curves:
        if curve.marker and curve.name:
            entries.append((glyphs.text(f"{curve.marker} {curve.name}"), curve.role))
    if "not finite" in said:
        entries.append((f"{glyphs.bad} not finite", "bad"))
    if "off" in said:
        entries.append((f"{glyphs.above} off", "text"))
    return entries


def _line_name(picture: Picture) -> str:
    """What the bold line is; a trend where the picture does not say."""
    for curve in picture.curves:
        if curve.role == "trend" and curve.name:
            return curve.name
    return "trend"
