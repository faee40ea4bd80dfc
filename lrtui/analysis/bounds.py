"""Two boundaries for a cyclical schedule, and the lines of code that use them (arXiv 1506.01186, section 3.3)."""

from collections.abc import Mapping, Sequence
from math import log10

from lrtui.analysis.answer import Bounds, Suggestion
from lrtui.analysis.curve import Curve
from lrtui.analysis.evidence import SURE, Reading, read

STARTS = 0.1  # share of the fall from which on the curve has started to improve
HELD = 0.9  # share of the fall; while it is held, the curve has not become worse
ABOVE = log10(
    1.5
)  # decades; a peak, which lasts a part of a cycle, is at least so far above the centre


def bounds(curves: Sequence[Curve]) -> Bounds | None:
    """base_lr and max_lr for a cyclical schedule; None where neither loss nor metric improves for sure.

    Section 3.3 of arXiv 1506.01186 takes base_lr where the accuracy starts to increase, and max_lr where it slows,
    becomes ragged or starts to fall. Here these are the first rate with a tenth of the whole improvement, and the one
    half-way (in decades) from the centre of the valley to the last that holds nine tenths of the improvement: a rate
    that a ramp passes in a moment has to be borne for a good part of a cycle. Of the metric where it improves, else of
    the loss. A fast ramp shows too little to the right of the centre; half as much again is the least that max_lr is
    above it. As the peak of a one-cycle schedule it is measured in tests/bench/answers.
    """
    return bounds_of(read(curves))


def bounds_of(reading: Reading) -> Bounds | None:
    valley = reading.metric if reading.metric is not None else reading.loss
    if valley is None or valley.significance < SURE:
        return None
    start = valley.earlier(valley.edges(STARTS)[0])
    half_way = (valley.centre + valley.earlier(valley.edges(HELD)[1])) / 2
    end = min(max(half_way, valley.centre + ABOVE), float(valley.log_lr[-1]))
    return Bounds(start_lr=10**start, end_lr=10**end) if start < end else None


def schedule_code(
    bounds: Bounds | None,
    suggestion: Suggestion,
    optimizer_name: str,
    total_steps: int | str = "total_steps",
    optimizer_arguments: Mapping[str, object] | None = None,
    *,
    momentum: float | None = None,
    grouped: bool = False,
) -> dict[str, str]:
    """Lines of Python, ready to paste, each by the name of what it sets up; only those that the answers allow.

    Args:
        bounds: base_lr and max_lr of the cycles.
        suggestion: its lr is the constant rate.
        optimizer_name: a class of torch.optim, such as "AdamW", or a dotted name.
        total_steps: batches in the whole training: a number, or an expression of the script that the line goes into.
        optimizer_arguments: what else the optimizer was built with, such as {"momentum": 0.9}.
        momentum: what it runs with (beta1 of the Adam family), which OneCycleLR cycles; None: as the name tells.
        grouped: its parameter groups have rates of their own, whose ratios are to be kept.
    """
    arguments = dict(optimizer_arguments or {})
    lines = {}
    if suggestion.lr is not None:
        lines["constant"] = optimizer_line(optimizer_name, suggestion.lr, arguments)
    if bounds is not None:
        lines["OneCycleLR"] = scheduler_line(
            "OneCycleLR",
            max_lr=rate_text(bounds.end_lr, grouped),
            total_steps=total_steps,
            cycle_momentum=has_momentum(optimizer_name, arguments)
            if momentum is None
            else momentum > 0,
        )
        lines["CyclicLR"] = scheduler_line(
            "CyclicLR",
            base_lr=rate_text(bounds.start_lr, grouped),
            max_lr=rate_text(bounds.end_lr, grouped),
            step_size_up=max(1, total_steps // 8)
            if isinstance(total_steps, int)
            else f"{total_steps} // 8",
            cycle_momentum=False,
        )
    return lines


def optimizer_line(optimizer_name: str, lr: float, arguments: Mapping[str, object]) -> str:
    where = optimizer_name if "." in optimizer_name else f"torch.optim.{optimizer_name}"
    rest = "".join(f", {name}={value!r}" for name, value in arguments.items() if name != "lr")
    return f"optimizer = {where}(model.parameters(), lr={lr:.3g}{rest})"


def rate_text(lr: float, grouped: bool) -> str:
    """A rate as Python has it; for groups with rates of their own, one for each, in their ratios."""
    if not grouped:
        return f"{lr:.3g}"
    return f'[{lr:.3g} * group["lr"] / optimizer.param_groups[0]["lr"] for group in optimizer.param_groups]'


def scheduler_line(scheduler: str, **arguments: object) -> str:
    given = ", ".join(f"{name}={value}" for name, value in arguments.items())
    return f"scheduler = torch.optim.lr_scheduler.{scheduler}(optimizer, {given})"


def has_momentum(optimizer_name: str, arguments: Mapping[str, object]) -> bool:
    """Whether OneCycleLR may cycle the momentum: it would silently give one to an optimizer that runs without."""
    betas = arguments.get("betas")
    if isinstance(betas, Sequence) and betas:
        return bool(betas[0])
    return bool(arguments.get("momentum")) or "adam" in optimizer_name.lower()
