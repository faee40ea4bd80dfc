"""A test on another machine: what is sent there, the run there, and what comes home.

Both sides are bytes of JSON: nothing is pickled, and a machine with another lrtui says so. The run
there has a home of its own, so that a killed one leaves no half run in anybody's list; its record
comes home as bytes. The user's files are sent with the test, and used from there unless the very
same ones are at the same place. Data that arguments name has to be on the machine.
"""

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from lrtui import __version__, paths
from lrtui.catalog.searchpath import Installed
from lrtui.catalog.shipping import Bundle, ShippingError, bundle_of, placed, root_of
from lrtui.catalog.trust import unagreed
from lrtui.record import RecordError, from_json
from lrtui.runs.store import record_path, save_run
from lrtui.sweep.executor import ExecutorError, Outcome, Status, Test
from lrtui.sweep.lane import WorkerLane
from lrtui.sweep.local import LocalPool
from lrtui.sweep.places import Place, thread_env

_LOG_BYTES = 2**16
_POLL_SECONDS = 0.01
_HOME = "lrtui-away-"


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What is sent.

    Attributes:
        version: of lrtui.
        bundle: the user's Python files, which are agreed to.
        agreed: what else a person has agreed to.
    """

    version: str
    test: Test
    bundle: Bundle = Bundle()
    agreed: tuple[str, ...] = ()
    threads: int = 1
    is_gpu: bool = False


class Brought(msgspec.Struct, frozen=True, kw_only=True):
    """What comes home: the record's bytes, b"" where there is none; the log of a failed run."""

    status: Status
    reason: str = ""
    seconds: float = 0.0
    record: bytes = b""
    log: bytes = b""
    refused: bool = False


def job_of(
    test: Test, agreed: Collection[str], *, threads: int, is_gpu: bool, installed: Installed
) -> Job:
    """The job of a test.

    Raises:
        ExecutorError: its files cannot be read, or are too large to be sent.
    """
    try:
        bundle = bundle_of(test.spec, installed)
    except ShippingError as error:
        raise ExecutorError(str(error)) from None
    return Job(
        version=__version__,
        test=test,
        bundle=bundle,
        agreed=tuple(agreed),
        threads=threads,
        is_gpu=is_gpu,
    )


def bring_home(test: Test, data: bytes) -> Outcome:
    """Save what a job has brought; the outcome has the path of the record here."""
    brought = msgspec.json.decode(data, type=Brought)
    outcome = Outcome(
        key=test.key,
        status=brought.status,
        reason=brought.reason,
        seconds=brought.seconds,
        refused=brought.refused,
    )
    if not brought.record:
        return outcome
    try:
        record = from_json(brought.record, "the record that came home")
        spec = msgspec.to_builtins(test.spec)  # with the targets as they are called here
        record = msgspec.structs.replace(record, spec=spec, log=_keep_log(record.id, brought.log))
        path = save_run(record, record_path(record.id))
    except (RecordError, OSError) as error:
        return msgspec.structs.replace(outcome, status="failed", reason=f"not saved: {error}")
    return msgspec.structs.replace(outcome, record=str(path))


# on the other machine


class _Here(NamedTuple):
    """What a process keeps from job to job: warm workers, and their home."""

    pool: LocalPool
    lane: WorkerLane
    kind: tuple[int, str]


_kept: list[_Here] = []  # one at the most


def version() -> str:
    """Of lrtui on this machine."""
    return __version__


def run_job(data: bytes) -> bytes:
    """Run a job in a worker process; returns what is brought home."""
    job = msgspec.json.decode(data, type=Job)
    if job.version != __version__:
        problem = f"lrtui {__version__} is on that machine, and {job.version} here"
        return msgspec.json.encode(Brought(status="failed", reason=problem))
    with tempfile.TemporaryDirectory(prefix="lrtui-files-") as folder:
        root = root_of(job.bundle, Path(folder))
        spec = placed(job.test.spec, job.bundle, root)
        agreed = {*job.agreed, *(item.line for item in unagreed(spec, ()))}
        try:
            brought = _run(_here(job), Test(job.test.key, spec), agreed)
        except BaseException:  # cancelled: the worker must not train on
            _leave()
            raise
    return msgspec.json.encode(brought)


def _here(job: Job) -> _Here:
    """The workers of this process; others where the GPU or the threads are not the same."""
    kind = (job.threads, os.environ.get("CUDA_VISIBLE_DEVICES", ""))
    if _kept and _kept[0].kind == kind:
        return _kept[0]
    _leave()
    if not Path(os.environ.get("LRTUI_HOME", "")).name.startswith(_HOME):
        os.environ["LRTUI_HOME"] = _own_home()
    place = Place(env=thread_env(job.threads), is_gpu=job.is_gpu)
    lane = WorkerLane(place)
    _kept.append(_Here(LocalPool([lane], more_come=True), lane, kind))
    return _kept[0]


def _leave() -> None:
    while _kept:
        _kept.pop().pool.close()


def _own_home() -> str:
    """A home for the runs of this process, with the data sets of this machine."""
    _remove_homes()
    home = Path(tempfile.mkdtemp(prefix=f"{_HOME}{os.getpid()}-"))
    with contextlib.suppress(OSError):
        (home / "datasets").symlink_to(paths.datasets(), target_is_directory=True)
    return str(home)


def _remove_homes() -> None:
    """Remove the homes of processes that have ended: Ray kills them, so they cannot."""
    for home in Path(tempfile.gettempdir()).glob(f"{_HOME}*-*"):
        number = home.name.removeprefix(_HOME).partition("-")[0]
        if number.isdecimal() and not _is_alive(int(number)):
            shutil.rmtree(home, ignore_errors=True)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # of another user
    return True


def _run(here: _Here, test: Test, agreed: Collection[str]) -> Brought:
    here.lane.agree(agreed)
    here.pool.submit(test)
    outcomes: Sequence[Outcome] = ()
    while not outcomes:
        outcomes = here.pool.poll()
        time.sleep(_POLL_SECONDS)
    (outcome,) = outcomes
    record = log = b""
    if outcome.record:
        path = Path(outcome.record)
        record = path.read_bytes()
        path.unlink()
    if outcome.status == "failed":
        log = _log_of(record)
    return Brought(
        status=outcome.status,
        reason=outcome.reason,
        seconds=outcome.seconds,
        record=record,
        log=log,
        refused=outcome.refused,
    )


def _log_of(record: bytes) -> bytes:
    """The end of a run's log."""
    try:
        return Path(from_json(record, "record").log).read_bytes()[-_LOG_BYTES:]
    except (RecordError, OSError):
        return b""


def _keep_log(run_id: str, log: bytes) -> str:
    """The path of a log that came home; "" where none did."""
    if not log:
        return ""
    path = paths.logs() / f"away-{run_id}.log"
    path.write_bytes(log)
    return str(path)
