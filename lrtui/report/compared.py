"""The table of a comparison: what differs, what each run suggests, and what it reached."""

from collections.abc import Iterator, Sequence

from lrtui.report.compare import Contender, differences

Cells = tuple[str, tuple[str, ...]]  # a label, and a text for each run

_UNKNOWN = "–"


def compared_rows(contenders: Sequence[Contender]) -> Iterator[Cells]:
    """The rows, from the settings to the seconds."""
    yield from _settings(contenders)
    devices = [one.device for one in contenders if one.device]
    if len(set(devices)) > 1:
        yield "ran on", tuple(one.device or _UNKNOWN for one in contenders)
    yield "→ lr", tuple(_rate(one.lr) for one in contenders)
    yield "  interval", tuple(_interval(one) for one in contenders)
    yield "  base … max", tuple(_bounds(one) for one in contenders)
    yield "tried, loss", tuple(_tried(one) for one in contenders)
    yield "test's lowest", tuple(_lowest(one) for one in contenders)
    yield "s/1000 steps", tuple(_seconds(one) for one in contenders)


def _settings(contenders: Sequence[Contender]) -> Iterator[Cells]:
    """The settings that differ; those of a foreign result, which has no spec, are not known."""
    for difference in differences([one.spec for one in contenders if one.spec]):
        values = iter(difference.values)
        yield difference.label, tuple(next(values) if one.spec else _UNKNOWN for one in contenders)


def loss_text(value: float) -> str:
    """A loss with four significant digits."""
    if value == 0 or 1e-3 <= abs(value) < 1e5:
        return f"{value:.4g}"
    return f"{value:.3e}"


def _rate(lr: float | None) -> str:
    return "none" if lr is None else f"{lr:.1e}"


def _interval(one: Contender) -> str:
    suggestion = one.suggestion
    if suggestion is None or suggestion.low is None or suggestion.high is None:
        return _UNKNOWN
    return f"{_brief(suggestion.low)}…{_brief(suggestion.high)}"


def _bounds(one: Contender) -> str:
    if one.bounds is None:
        return _UNKNOWN
    return f"{_brief(one.bounds.start_lr)}…{_brief(one.bounds.end_lr)}"


def _brief(lr: float) -> str:
    """A rate in at most five columns, such as `8e-3`."""
    mantissa, exponent = f"{lr:.0e}".split("e")
    return f"{mantissa}e{int(exponent)}"


def _tried(one: Contender) -> str:
    if one.trial is None:
        return _UNKNOWN
    if one.trial.loss is None:
        return "blew up"
    return loss_text(one.trial.loss)


def _lowest(one: Contender) -> str:
    return _UNKNOWN if one.lowest is None else loss_text(one.lowest[1])


def _seconds(one: Contender) -> str:
    seconds = one.seconds_per_1000
    return _UNKNOWN if not seconds else f"{seconds:.3g}"
