"""What the user's code raises, as the end of a run: in one line, with what to do."""

import traceback
from collections.abc import Iterator
from typing import TypeVar

from msgspec import UNSET

from lrtui.catalog.errors import one_line, with_user_line
from lrtui.catalog.places import crash_place, user_place
from lrtui.engine.failures.described import loader_died
from lrtui.engine.failures.device import WHAT_HAPPENED, Trouble, device_trouble
from lrtui.events import (
    Ended,
)
from lrtui.output import Output
from lrtui.report import failure
from lrtui.spec import RunSpec

Item = TypeVar("Item")


class CodeExit(Exception):  # noqa: N818 - it carries what is no error
    """A GeneratorExit that the user's code raised, which is no request to end a generator."""


def exit_kept(items: Iterator[Item]) -> Iterator[Item]:
    """The items of a generator that runs the user's code.

    Raises:
        CodeExit: from a GeneratorExit of that code.
    """
    while True:
        try:
            item = next(items)
        except StopIteration:
            return
        except GeneratorExit as error:
            raise CodeExit from error
        yield item


def own_error(raised: BaseException) -> BaseException:
    """What the user's code raised."""
    if isinstance(raised, CodeExit) and raised.__cause__ is not None:
        return raised.__cause__
    return raised


def failed_event(
    error: BaseException, reason: str, phase: str, output: Output, spec: RunSpec
) -> Ended:
    """The end of a run that failed; prints the traceback, which is no output of the user's."""
    printed, where = output.last_lines(), user_place(error)
    if loader_died(error):  # the log has the stack of the process that died
        where = crash_place(output.lines()) or where
    print_traceback(error)
    trouble = device_trouble(error)
    return Ended(
        status="failed",
        reason=reason,
        phase=phase if trouble in (None, "host memory") else "device",
        seconds=0.0,
        where=where,
        output=printed,
        advice=UNSET if trouble is None else advice(trouble, spec),
    )


def failure_reason(error: BaseException) -> str:
    """Why a training failed, in one line that ends with the user's `file:line` if there is one."""
    reason = one_line(error)
    trouble = device_trouble(error)
    if trouble is not None:
        reason = f"{WHAT_HAPPENED[trouble]}: {reason}"
    if trouble == "memory":
        reason = f"{reason}; try a smaller batch_size"
    return with_user_line(reason, error)


def advice(trouble: Trouble, spec: RunSpec) -> str:
    """What to change in a spec after the failure of a device."""
    match trouble:
        case "memory":
            return failure.less_memory(spec)
        case "host memory":
            return failure.LESS_HOST_MEMORY
        case "assert":
            return failure.after_assert(spec)
        case "lost":
            return failure.AFTER_LOSS


def print_traceback(error: BaseException) -> None:
    """The traceback, for the log; whatever the error's class does when it is printed."""
    try:
        traceback.print_exception(error)
    except BaseException:  # noqa: BLE001 - see above
        traceback.print_tb(error.__traceback__)
