"""An answer as HTML: the rate and its training, its interval, the reason, and a picture."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from lrtui.notebook.picture import curve_svg, interval_svg

if TYPE_CHECKING:
    from lrtui.analysis.answer import Suggestion


def suggestion_card(suggestion: "Suggestion") -> str:
    """A suggestion, with its interval as a picture."""
    picture = ""
    interval = interval_of(suggestion)
    if suggestion.lr is not None and interval is not None:
        picture = interval_svg(suggestion.lr, *interval)
    return _card(picture, _words(suggestion))


def curve_card(
    history: Mapping[str, Sequence[Any]], suggestion: "Suggestion", status: str, reason: str
) -> str:
    """The curve of a test, its suggestion, and how it ended."""
    raw = history.get("raw_loss", history["loss"])
    picture = curve_svg(history["lr"], history["loss"], raw, suggestion.lr, interval_of(suggestion))
    ending = f"{status}: {reason}" if reason else status
    return _card(picture, [*_words(suggestion), _line(ending, faint=True)])


def empty_card(text: str) -> str:
    """A line where there is no curve."""
    return _card("", [_line(text)])


def interval_of(suggestion: "Suggestion") -> tuple[float, float] | None:
    """The interval of an answer; None where it has none."""
    if suggestion.low is None or suggestion.high is None:
        return None
    return suggestion.low, suggestion.high


def _words(suggestion: "Suggestion") -> list[str]:
    lines = [_headline(suggestion), _line(suggestion.reason)]
    if suggestion.advice:
        lines.append(_line(suggestion.advice, faint=True))
    return lines


def _headline(suggestion: "Suggestion") -> str:
    if suggestion.lr is None:
        verdict = suggestion.verdict.replace("_", " ")
        return f"<div><b>no learning rate can be recommended</b> ({escape(verdict)})</div>"
    words = f"<b>lr {suggestion.lr:.1e}</b>"
    interval = interval_of(suggestion)
    if interval is not None:
        words += f" ({interval[0]:.1e} to {interval[1]:.1e})"
    words += f" · {suggestion.schedule}"
    if suggestion.steps:
        words += f" · {suggestion.steps:,} steps"
    return f"<div>{words}</div>"


def _line(text: str, *, faint: bool = False) -> str:
    opacity = ' style="opacity:0.7"' if faint else ""
    return f"<div{opacity}>{escape(text)}</div>"


def _card(picture: str, lines: Sequence[str]) -> str:
    return f'<div style="max-width:60em">{picture}{"".join(lines)}</div>'
