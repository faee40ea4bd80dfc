"""`lrtui sweep`: the tests of a grid, on this machine's devices or on a Ray cluster."""

import sys
from collections.abc import Collection, Sequence
from contextlib import closing
from pathlib import Path
from typing import Literal

import msgspec

from lrtui.catalog.trust import Item, remembered, unagreed
from lrtui.commands.streams import (
    ANSWER,
    NO_ANSWER,
    NOT_SAVED,
    USAGE,
    USER_FAILED,
    note,
    put,
    put_json,
    say,
)
from lrtui.commands.sweep_progress import SweepProgress
from lrtui.commands.sweep_table import chart_lines, document, table_lines
from lrtui.files import write_atomic
from lrtui.shell import signals
from lrtui.spec import RunSpec
from lrtui.sweep.executor import Executor, ExecutorError
from lrtui.sweep.ledger import Ledger
from lrtui.sweep.results import Results, results
from lrtui.sweep.sweep import Again, Sweep

Engine = Literal["local", "ray"]
_ITEMS_NAMED = 5


class Where(msgspec.Struct, frozen=True, kw_only=True):
    """What runs the tests: so many at once (0: as many as there are devices), and a cluster."""

    engine: Engine = "local"
    workers: int = 0
    address: str = ""


def run_sweep(
    specs: Sequence[RunSpec],
    where: Where,
    *,
    name: str = "grid.toml",
    agreed: Collection[str] = (),
    again: Again = "nothing",
    as_json: bool = False,
    output: Path | None = None,
    overwrite: bool = False,
) -> int:
    """Run the tests that are not done yet, and print them all; returns the exit code.

    The first signal that would end this process ends the tests that run; what is done is kept.
    """
    agreed = {*remembered(), *agreed}
    missing = {item.line: item for spec in specs for item in unagreed(spec, agreed)}
    if missing:
        return say(_not_agreed(list(missing.values())), USAGE)
    sweep = Sweep(specs, Ledger(), again)
    if sweep.before:
        note(f"{len(sweep.before)} of {len(sweep.tests)} were done before")
    received: Sequence[int] = ()
    if sweep.open:
        try:
            received = _run_open(sweep, where, agreed)
        except ExecutorError as error:
            return say(str(error), USAGE)
    code = _report(results(sweep.tests, sweep.outcomes, sweep.before), as_json, output, overwrite)
    _note_rest(sweep, name)
    if received:
        return 128 + received[0]
    if sweep.problem and code in (ANSWER, NO_ANSWER):
        return say(sweep.problem, NOT_SAVED)
    return code


def _run_open(sweep: Sweep, where: Where, agreed: Collection[str]) -> list[int]:
    """Run the open tests; returns the signals that ended it.

    Raises:
        ExecutorError: they cannot be run there.
    """
    with signals.collected() as received, closing(_executor(sweep, where, agreed)) as executor:
        progress = SweepProgress(sweep)
        try:
            sweep.run(
                executor,
                wants_stop=lambda: bool(received),
                on_outcome=progress.ended,
                on_poll=progress.show,
            )
        finally:
            progress.close()
    return received


def _executor(sweep: Sweep, where: Where, agreed: Collection[str]) -> Executor:
    specs = [test.spec for test in sweep.open]
    if where.engine == "ray":
        from lrtui.sweep.ray_pool import RayPool

        return RayPool.start(
            specs, workers=where.workers, address=where.address, agreed=agreed, say=note
        )
    from lrtui.sweep.local import LocalPool
    from lrtui.sweep.places import places

    found = places(specs, where.workers)[: len(specs)]
    workers = "worker" if len(found) == 1 else "workers"
    kind = "a GPU each" if found[0].is_gpu else _cores(found[0].env)
    note(f"{len(specs)} tests on {len(found)} {workers}, {kind}")
    return LocalPool.of(found, agreed)


def _cores(env: dict[str, str]) -> str:
    threads = int(env.get("OMP_NUM_THREADS", "1"))
    return "1 thread each" if threads == 1 else f"{threads} threads each"


def _report(found: Results, as_json: bool, output: Path | None, overwrite: bool) -> int:
    """Print and write the results; returns the exit code that they give."""
    code = _code(found)
    if as_json:
        printed = put_json(document(found), code)
    else:
        lines = list(table_lines(found))
        if _is_terminal():
            lines += ["", *chart_lines(found)]
        printed = put(lines, code)
    if output is None:
        return printed
    try:
        write_atomic(f"{document(found)}\n".encode(), output, overwrite)
    except OSError as error:
        return say(f"{output}: could not be saved: {error.strerror}", NOT_SAVED)
    return printed


def _code(found: Results) -> int:
    """An answer in one test is one; without any, a failure counts more than a refusal."""
    contenders = [row.contender for row in found.rows if row.contender is not None]
    if any(one.lr is not None for one in contenders):
        return ANSWER
    outcomes = [row.outcome for row in found.rows if row.outcome is not None]
    if any(outcome.refused for outcome in outcomes):
        return USAGE
    if any(outcome.status == "failed" for outcome in outcomes):
        return USER_FAILED
    return NO_ANSWER


def _is_terminal() -> bool:
    return sys.stdout.isatty()


def _note_rest(sweep: Sweep, name: str) -> None:
    """Say how to go on where tests have failed or were not run."""
    outcomes = sweep.outcomes.values()
    failed = sum(one.status == "failed" and not one.refused for one in outcomes)
    refused = sum(one.refused for one in outcomes)
    rest = len(sweep.open) + sum(one.status == "interrupted" for one in outcomes)
    rest += sum(_was_stopped(sweep, key) for key in sweep.outcomes)
    if refused:
        note(f"{refused} need code that you have not agreed to; --yes agrees")
    if failed:
        note(f"{failed} failed: `lrtui sweep {name} --retry-failed` runs them again")
    if rest:
        done = len(sweep.tests) - rest
        note(f"{done} of {len(sweep.tests)} are done: `lrtui sweep {name}` runs the rest")


def _was_stopped(sweep: Sweep, key: str) -> bool:
    outcome = sweep.outcomes[key]
    return outcome.status == "stopped" and not outcome.reason.startswith("out of time")


def _not_agreed(items: Sequence[Item]) -> str:
    words = [item.words for item in items[:_ITEMS_NAMED]]
    if len(items) > _ITEMS_NAMED:
        words.append("…")
    return f"this sweep needs what you have not agreed to: {', '.join(words)}; --yes agrees"
