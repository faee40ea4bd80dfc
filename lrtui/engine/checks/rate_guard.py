"""Whether something else sets the rate before the optimizer uses it: a scheduler or a hook.

Seen by a hook of our own at the first steps only, so that the iterations after them cost nothing.
What sets the rate after a step loses against the ramp, and does no harm.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from itertools import islice
from math import isclose
from pathlib import Path
from typing import Any

from torch.optim import Optimizer
from torch.utils.hooks import RemovableHandle

from lrtui.analysis.answer import Obstacle
from lrtui.engine.ramp import Ramp
from lrtui.engine.types import Say
from lrtui.events import Notice

STEPS = 3  # of each optimizer that are looked at
SKIPPED = 16  # steps that a GradScaler may skip before: the ramp has gone on then
ALIKE = 1e-5  # relative: a rate may be a tensor in single precision


def nothing() -> None:
    """No check."""


class RateGuard:
    """Looks at the rates that optimizers are about to use, at their first steps.

    Args:
        optimizers: whose rates the ramp sets.
        ramp: the rates that may be set.
        say: called once with a notice where other rates are used.
        check: called before the first step, when there are gradients.
    """

    def __init__(
        self,
        optimizers: Sequence[Optimizer],
        ramp: Ramp,
        say: Say,
        check: Callable[[], None] = nothing,
    ) -> None:
        self._say = say
        self._check = check
        self._said = False
        self._handles: list[RemovableHandle] = []
        rates = list(islice(ramp, STEPS + SKIPPED))
        start = 0
        for optimizer in optimizers:
            groups = slice(start, start + len(optimizer.param_groups))
            start = groups.stop
            if isinstance(optimizer, Optimizer):
                self._watch(optimizer, [lrs[groups] for lrs in rates])

    def close(self) -> None:
        """Remove the hooks that are left."""
        for handle in self._handles:
            handle.remove()

    def _watch(self, optimizer: Optimizer, rates: Sequence[Sequence[float]]) -> None:
        hooks = list(getattr(optimizer, "_optimizer_step_pre_hooks", {}).values())
        left = STEPS

        def look(*_: Any) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                handle.remove()
            if left == STEPS - 1:
                self._check()
            lrs = [float(group["lr"]) for group in optimizer.param_groups[: len(rates[0])]]
            if not any(_alike(lrs, expected) for expected in rates):
                self._report(optimizer, lrs, rates[0], hooks)

        with suppress(AttributeError):  # a wrapper without hooks of its own
            handle = optimizer.register_step_pre_hook(look)
            self._handles.append(handle)

    def _report(
        self,
        optimizer: Optimizer,
        used: Sequence[float],
        expected: Sequence[float],
        hooks: Sequence[object],
    ) -> None:
        if self._said:
            return
        self._said = True
        group = next(i for i, lr in enumerate(used) if not _is_close(lr, expected[i]))
        reason = (
            f"A scheduler or hook sets the rate before {type(optimizer).__name__} uses it:"
            f" the ramp set {expected[group]:.1e}, the step was taken at {used[group]:.1e}."
        )
        advice = f"Remove it for the test{_candidates(hooks)}."
        obstacle = Obstacle(verdict="rate_fought", reason=reason, advice=advice)
        self._say(Notice(text=f"{reason} {advice}", level="warning", obstacle=obstacle))


def _alike(lrs: Sequence[float], expected: Sequence[float]) -> bool:
    return all(map(_is_close, lrs, expected))


def _is_close(lr: float, expected: float) -> bool:
    return isclose(lr, expected, rel_tol=ALIKE, abs_tol=1e-45)


def _candidates(hooks: Iterable[object]) -> str:
    """The hooks that may be to blame, with their lines."""
    names: list[str] = []
    for hook in hooks:
        code = getattr(hook, "__code__", None)
        name = getattr(hook, "__qualname__", type(hook).__name__)
        if code is not None:
            name = f"{name} in {Path(code.co_filename).name}:{code.co_firstlineno}"
        names.append(name)
    if not names:
        return ""
    return f" (step hooks: {', '.join(names)})"
