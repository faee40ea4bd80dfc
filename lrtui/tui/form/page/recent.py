"""Past runs: the last ones with their rates, and how long one like the form's took."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import NamedTuple

import msgspec

from lrtui import paths
from lrtui.record import RecordError, RunRecord
from lrtui.report.race import corrected
from lrtui.runs.store import going_on, journals, load
from lrtui.spec import RangeSpec, RunSpec
from lrtui.tui.history.rows import when

_MOST = 20  # records to read
_RAMP = ("start_lr", "end_lr", "num_iter", "mode", "repeats", "smooth_f", "diverge_th", "warmup")


class PastRun(NamedTuple):
    """A saved run, in the words of a list."""

    when: str
    lr: str
    what: str
    speed: float | None  # seconds an iteration
    parameters: int  # of the model; 0: not known
    spec: RunSpec | None


def past_runs() -> list[PastRun]:
    """The newest runs that can be read; none where the folder cannot be."""
    return list(islice(_readable(), _MOST))


def runs_going_on() -> int:
    """How many runs are being measured: by another front end, or by a worker that was left."""
    try:
        return sum(map(going_on, journals()))
    except OSError:
        return 0


def expected_time(spec: RunSpec, past: Sequence[PastRun]) -> str:
    """How long the test takes, as the last run with the same work did; "" without one."""
    work = _work(spec)
    for run in past:
        if run.speed is not None and run.spec is not None and _work(run.spec) == work:
            iterations = (spec.range.num_iter + spec.range.warmup) * spec.range.repeats
            return f"about {_duration(run.speed * iterations)}, at the speed of the last such run"
    return ""


def parameters_of(spec: RunSpec, past: Sequence[PastRun]) -> str:
    """How many parameters the model has, as the last run of the same model said; "" without one."""
    for run in past:
        if run.parameters and run.spec is not None and run.spec.model == spec.model:
            return f"{run.parameters:,}"
    return ""


def _readable() -> Iterator[PastRun]:
    """The newest first: a record's name begins with its time."""
    try:
        files = sorted(paths.runs().glob("*.json"), reverse=True)
    except OSError:
        return
    for path in files:
        try:
            yield _past_run(load(path))
        except (RecordError, OSError):
            continue


def _past_run(record: RunRecord) -> PastRun:
    lr = "–"
    suggestion, _ = corrected(record.measured, record.suggestion, record.bounds)
    if suggestion is not None and suggestion.lr is not None:
        lr = f"{suggestion.lr:.1e}"
    elif record.status == "failed":
        lr = "failed"
    try:
        spec = record.run_spec()
    except msgspec.ValidationError:  # of another version
        return PastRun(
            when(record.created, datetime.now().astimezone()), lr, record.id, None, 0, None
        )
    names = [choice.target.rpartition(":")[2] for choice in (spec.model, spec.data, spec.optimizer)]
    parameters = record.parameters or 0
    return PastRun(
        when(record.created, datetime.now().astimezone()),
        lr,
        " ".join(names),
        _speed(record),
        parameters,
        spec,
    )


def _speed(record: RunRecord) -> float | None:
    """Seconds an iteration, with what building the model took."""
    curves = record.repeats or [record.history]
    iterations = sum(len(curve.lr) for curve in curves)
    if record.status not in ("completed", "diverged") or not iterations:
        return None
    return record.seconds / iterations


def _work(spec: RunSpec) -> RunSpec:
    """The spec without what does not change the work of an iteration."""
    plain = RangeSpec()
    ramp = {name: getattr(plain, name) for name in _RAMP}
    return msgspec.structs.replace(
        spec, range=msgspec.structs.replace(spec.range, **ramp), plan=RunSpec().plan, seed=0
    )


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / 60:.0f} min"
