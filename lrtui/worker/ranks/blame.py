"""Which rank a failure is of, and what is said of it."""

import signal
from collections.abc import Collection, Mapping, Sequence

import msgspec

from lrtui.events import Ended
from lrtui.worker.ranks.lines import Failed

_HINTS = {signal.SIGKILL: " (out of memory, or killed from outside)"}
# what torch says on a rank whose peer has died or hangs
_BY_OTHERS = (
    "RankError",
    "Connection closed by peer",
    "Connection reset by peer",
    "Timed out waiting",
    "Application timeout",
    "Watchdog caught collective operation timeout",
    "DistNetworkError",
    "DistBackendError",
    "Socket Timeout",
    "connectFullMesh",
)


def is_by_others(reason: str) -> bool:
    """Whether a rank failed only because another one did."""
    return any(words in reason for words in _BY_OTHERS)


def blamed(
    failures: Mapping[int, Failed], local: Collection[int], size: int, timeout: float
) -> Ended:
    """The end of a run, from the failures that the ranks here have told of.

    A rank that has told of none while the others waited for it in vain hangs.

    Args:
        failures: by rank, at least one.
        local: the ranks here.
        size: ranks in all.
        timeout: how long the others have waited.
    """
    own = {rank: failed for rank, failed in failures.items() if not failed.by_others}
    if own:
        first = min(own)
        ended = own[first].ended
        if len(own) == size or first == 0:
            return ended
        return msgspec.structs.replace(ended, reason=f"rank {first}: {ended.reason}")
    told = failures[min(failures)].ended
    silent = sorted(set(local).difference(failures))
    if silent:
        reason = f"{ranks_named(silent)} did not answer for {timeout:g} s (devices.timeout)"
        hint = "it hangs, or the others are much faster; the log has its stack"
        return msgspec.structs.replace(told, reason=f"{reason}: {hint}", where=None)
    if len(local) < size:
        return msgspec.structs.replace(
            told, reason=f"a rank on another machine has failed: {told.reason}"
        )
    return told


def before_traceback(output: Sequence[str]) -> list[str]:
    """What was printed before the first traceback, which may be that of any rank."""
    lines = list(output)
    for index, line in enumerate(lines):
        if line.startswith("Traceback "):
            return lines[:index]
    return lines


def ranks_named(ranks: Collection[int]) -> str:
    """`rank 1`, or `ranks 1 and 3`."""
    numbers = [str(rank) for rank in ranks]
    if len(numbers) == 1:
        return f"rank {numbers[0]}"
    return f"ranks {', '.join(numbers[:-1])} and {numbers[-1]}"


def death(rank: int, code: int) -> str:
    """How a rank has died."""
    if code >= 0:
        return f"rank {rank} exited with code {code}"
    try:
        number = signal.Signals(-code)
    except ValueError:
        return f"rank {rank} was ended by signal {-code}"
    return f"rank {rank} was ended by {number.name}{_HINTS.get(number, '')}"
