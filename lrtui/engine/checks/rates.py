"""Whether optimizers use the rate that is set.

A twin of each takes the same steps at several rates of the ramp. Where the parameters are equal to
the last bit the rate is not used: Rprop takes it as the size of its first step only, Adafactor sets
its own with `relative_step` and caps it without, and so do others. Then the twin follows the whole
ramp, to find up to which rate it is used: a cap may fall with the iterations.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import torch
from torch.optim import Optimizer

from lrtui.analysis.answer import Obstacle
from lrtui.engine.checks.twin import NoTwinError, Twin, undisturbed
from lrtui.engine.checks.updates import Step, Updates, equal, is_known, step_of
from lrtui.engine.ramp import Ramp
from lrtui.events import Notice

RATES = 8  # of the ramp that are compared at first
CHECKPOINTS = 40  # of the whole ramp, where the first look gives reason to
MOST_STEPS = 2000  # of a twin along the ramp; on a longer one counters are moved on instead
WARM_STEPS = 2  # the first rate may size the first step only
STEPS = 3  # at each rate: some optimizers use a rate one step late
LOWER = 0.9  # times the rate: steps at it differ where the rate is used
_COUNTERS = ("step", "steps", "k", "t", "iteration", "step_count", "num_steps", "_step", "_steps")

Lrs = tuple[float, ...]  # of every group of one optimizer


class Use(NamedTuple):
    """How a parameter group uses its rate.

    Attributes:
        used: whether it does at all.
        last: the last iteration of the ramp at which it does; None: to the end.
    """

    used: bool = True
    last: int | None = None


class Group(NamedTuple):
    """A parameter group that trains, its name in words, and how it uses its rate."""

    name: str
    use: Use


def rate_notice(
    optimizers: Sequence[Optimizer], ramp: Ramp, updates: Updates, *, create_graph: bool = False
) -> Notice | None:
    """What there is to say about rates that are not used; None where all are."""
    groups: list[Group] = []
    start = 0
    step = step_of(updates, create_graph=create_graph)
    for index, optimizer in enumerate(optimizers):
        count = len(optimizer.param_groups)
        uses = _uses(optimizer, ramp, slice(start, start + count), step, curved=create_graph)
        names = _names(optimizer, index if len(optimizers) > 1 else None)
        for name, use in zip(names, uses, strict=True):
            if use is not None:
                groups.append(Group(name, use))
        start += count
    unused = [group for group in groups if not group.use.used]
    if unused:
        return _unused(unused, everything=len(unused) == len(groups))
    capped = [group for group in groups if group.use.last is not None]
    if capped:
        return _capped(capped, ramp)
    return None


def _uses(
    optimizer: Optimizer, ramp: Ramp, groups: slice, step: Step, *, curved: bool
) -> list[Use | None]:
    """The use of every group; None for one that does not train."""
    unsuspected: list[Use | None] = [Use()] * len(optimizer.param_groups)
    if is_known(optimizer):
        return unsuspected
    with undisturbed():
        try:
            twin = Twin(optimizer, curved=curved)
            if _differs_everywhere(twin.fork(), ramp, groups, step):
                return unsuspected
            rows = _along_the_ramp(twin, ramp, groups, step)
        except NoTwinError:
            return unsuspected
        except Exception:  # noqa: BLE001 - what cannot be tried is not suspected; the test shows it
            return unsuspected
    trained = [param is not None for param in twin.params]
    uses: list[Use | None] = []
    for column, trains in enumerate(trained):
        uses.append(_use([row[column] for row in rows.used], rows.iterations) if trains else None)
    return uses


def _differs_everywhere(twin: Twin, ramp: Ramp, groups: slice, step: Step) -> bool:
    """Whether the steps at a few rates differ, late in the test: then there is no cap either."""
    twin.set_rates(ramp.lrs_at(0)[groups])
    for _ in range(WARM_STEPS):
        step(twin)
    _count_on(twin, len(ramp))
    before = twin.values()
    previous: list[torch.Tensor | None] = [None] * len(before)
    rates = [ramp.lrs_at(iteration)[groups] for iteration in _spread(len(ramp), RATES)]
    rates.insert(-1, tuple(LOWER * lr for lr in rates[-1]))  # a cap may be just below the end
    for lrs in rates:
        values = _values_at(twin, lrs, step)
        for value, other, start in zip(values, previous, before, strict=True):
            moved = value is not None and not equal(value, start)
            if moved and equal(value, other):
                return False
        previous = values
    return True


class _Rows(NamedTuple):
    """Whether each group used its rate at these iterations; None where it did not move."""

    iterations: list[int]
    used: list[list[bool | None]]


def _along_the_ramp(twin: Twin, ramp: Ramp, groups: slice, step: Step) -> _Rows:
    """Follow the ramp, and compare each rate with a lower one now and then."""
    rows = _Rows(_spread(len(ramp), CHECKPOINTS), [])
    done = 0
    start = twin.values()
    for iteration in rows.iterations:
        if len(ramp) <= MOST_STEPS:
            for earlier in range(done, iteration):
                twin.set_rates(ramp.lrs_at(earlier)[groups])
                step(twin)
        else:
            _count_on(twin, iteration - done)
        done = iteration
        _put(twin, start)  # far from where a loss without a minimum would lead
        lrs = ramp.lrs_at(iteration)[groups]
        if iteration == 0:  # the first rate may size the first step only
            twin.set_rates(lrs)
            for _ in range(WARM_STEPS):
                step(twin)
            before = twin.values()
        else:
            before = start
        values = _values_at(twin, lrs, step)
        lower = _values_at(twin, tuple(LOWER * lr for lr in lrs), step)
        rows.used.append(list(map(_used, values, lower, before)))
    return rows


def _used(
    value: torch.Tensor | None, lower: torch.Tensor | None, before: torch.Tensor | None
) -> bool | None:
    if value is None or equal(value, before) or not value.isfinite().all():
        return None
    return not equal(value, lower)


def _use(used: Sequence[bool | None], iterations: Sequence[int]) -> Use:
    """The use of a group, from where it was compared."""
    known = [(use, iteration) for use, iteration in zip(used, iterations, strict=True)]
    known = [(use, iteration) for use, iteration in known if use is not None]
    last = [iteration for use, iteration in known if use]
    if not known:
        return Use()
    if not last:
        return Use(used=False)
    if known[-1][1] == last[-1]:
        return Use()
    return Use(last=last[-1])


def _values_at(twin: Twin, lrs: Lrs, step: Step) -> list[torch.Tensor | None]:
    """Where some steps at these rates lead, from the same state with the same random numbers."""
    fork = twin.fork()
    fork.set_rates(lrs)
    torch.manual_seed(0)
    for _ in range(STEPS):
        fork.set_rates(lrs)
        step(fork)
    return fork.values()


def _put(twin: Twin, values: Iterable[torch.Tensor | None]) -> None:
    with torch.no_grad():
        for param, value in zip(twin.params, values, strict=True):
            if param is not None and value is not None:
                param.copy_(value)


def _count_on(twin: Twin, iterations: int) -> None:
    """Move the step counters on: caps such as 1/sqrt(step) fall with them."""
    for group in twin.optimizer.param_groups:
        _add(group, iterations)
    for state in twin.optimizer.state.values():
        if isinstance(state, dict):
            _add(state, iterations)
    _add(vars(twin.optimizer), iterations)


def _add(values: dict[str, object], iterations: int) -> None:
    for name in _COUNTERS:
        value = values.get(name)
        if isinstance(value, torch.Tensor) and value.numel() == 1:
            value.add_(iterations)
        elif isinstance(value, int) and not isinstance(value, bool):
            values[name] = value + iterations


def _spread(count: int, most: int) -> list[int]:
    """At most so many indices of a list, evenly spread, with the first and the last."""
    most = min(count, most)
    return [round(index * (count - 1) / (most - 1)) for index in range(most)]


def _names(optimizer: Optimizer, index: int | None) -> list[str]:
    """The groups in words: `Rprop`, `group 1 of Rprop`, `optimizer 1 (Rprop)`."""
    name = type(optimizer).__name__
    if index is not None:
        name = f"optimizer {index} ({name})"
    count = len(optimizer.param_groups)
    if count == 1:
        return [name]
    return [f"group {group} of {name}" for group in range(count)]


def _unused(groups: Sequence[Group], *, everything: bool) -> Notice:
    names = " and ".join(group.name for group in groups)
    verb = "does" if len(groups) == 1 else "do"
    reason = f"{names} {verb} not use the rate that is set: steps at different rates are the same."
    advice = "Give the other optimizers or groups a test of their own."
    if everything:
        advice = (
            "There is no rate to find for this optimizer. If it has an option to use lr"
            " (relative_step=False of Adafactor), set it."
        )
    return _notice(Obstacle(verdict="rate_unused", reason=reason, advice=advice))


def _capped(groups: Sequence[Group], ramp: Ramp) -> Notice:
    names = " and ".join(group.name for group in groups)
    last = min(group.use.last or 0 for group in groups)
    highest = ramp.lrs_at(last)[0]
    verb = "uses" if len(groups) == 1 else "use"
    reason = (
        f"{names} {verb} the rate that is set only up to {highest:.1e}:"
        " above it, steps at different rates are the same."
    )
    obstacle = Obstacle(
        verdict="rate_unused",
        reason=reason,
        advice=f"Lower end_lr to {highest:.0e}: no higher rate can be tested.",
        highest_lr=highest,
    )
    return _notice(obstacle)


def _notice(obstacle: Obstacle) -> Notice:
    return Notice(text=f"{obstacle.reason} {obstacle.advice}", level="warning", obstacle=obstacle)
