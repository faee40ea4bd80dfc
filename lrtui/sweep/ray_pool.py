"""RayPool: an executor of Ray tasks. Each runs a test in a worker process on its node."""

import contextlib
import os
import socket
import sys
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec

from lrtui import __version__, paths
from lrtui.catalog.errors import one_line
from lrtui.catalog.searchpath import Installed
from lrtui.catalog.shipping import code_of
from lrtui.spec import RunSpec
from lrtui.sweep.away import Job, bring_home, job_of, run_job, version
from lrtui.sweep.executor import ExecutorError, Outcome, Test
from lrtui.sweep.places import CORES_A_GROUP, core_groups, usable_cores

_RETRIES = 3  # of a task whose node or process is lost
_REACH_SECONDS = 5.0
_ANSWER_SECONDS = 120.0
_INSTALL = "Ray is not installed: pip install 'lrtui[ray]'"


class RayPool:
    """Runs tests as tasks of a Ray cluster: as many at a time as it has room for.

    Ray runs a task again whose node or process is lost.
    """

    def __init__(
        self, ray: Any, quiet: contextlib.ExitStack, agreed: Collection[str], resources: "Resources"
    ) -> None:
        self._ray = ray
        self._quiet = quiet
        self._agreed = tuple(agreed)
        self._resources = resources
        self._installed = Installed()
        self._waiting: deque[Test] = deque()
        self._tasks: dict[Any, Test] = {}  # by the reference of its result
        self._stopped = False
        self._task = ray.remote(
            num_cpus=resources.threads,
            num_gpus=1 if resources.is_gpu else 0,
            max_retries=_RETRIES,
            max_calls=0,  # the next test finds warm workers, on a GPU as well
            scheduling_strategy="SPREAD",
        )(run_job)

    @classmethod
    def start(
        cls,
        specs: Sequence[RunSpec],
        *,
        workers: int,
        address: str,
        agreed: Collection[str],
        say: Callable[[str], None],
    ) -> "RayPool":
        """Connect to the cluster, or start one on this machine; `say` gets what is sent where.

        Raises:
            ExecutorError: Ray is missing, or the cluster cannot be used.
        """
        if address:
            _reach(address)
        ray = _imported()
        with contextlib.ExitStack() as stack:
            stack.enter_context(_quiet())
            stack.callback(ray.shutdown)  # of an existing cluster it only disconnects
            _connect(ray, address)
            resources = _resources(ray, specs, workers, is_local=not address)
            if address:
                _check_version(ray, address)
            pool = cls(ray, stack.pop_all(), agreed, resources)
        say(_words(specs, resources, address))
        return pool

    @property
    def slots(self) -> int:
        """How many tests run at the same time."""
        return self._resources.slots

    @property
    def running(self) -> list[str]:
        """The keys of the tests that are with Ray now."""
        return [test.key for test in self._tasks.values()]

    def submit(self, test: Test) -> None:
        """Add a test to those that wait."""
        self._waiting.append(test)

    def poll(self) -> list[Outcome]:
        """Hand tests to Ray; the tests that have ended since the last call.

        Raises:
            ExecutorError: the cluster is gone, or a file cannot be sent.
        """
        while self._waiting and len(self._tasks) < self.slots and not self._stopped:
            self._begin(self._waiting.popleft())
        if not self._tasks:
            return []
        references = list(self._tasks)
        try:
            ended, _ = self._ray.wait(references, num_returns=len(references), timeout=0)
        except self._ray.exceptions.RayError as error:
            raise ExecutorError(f"the Ray cluster is gone: {one_line(error)}") from None
        return [self._outcome(reference) for reference in ended]

    def stop(self) -> None:
        """Cancel what runs, and begin no other."""
        self._stopped = True
        self._waiting.clear()
        for reference in self._tasks:
            self._ray.cancel(reference, force=False)

    def close(self) -> None:
        """Shut a local cluster down, or leave an existing one."""
        for reference in self._tasks:
            with contextlib.suppress(self._ray.exceptions.RayError):
                self._ray.cancel(reference, force=False)
        self._tasks.clear()
        self._quiet.close()

    def _begin(self, test: Test) -> None:
        job: Job = job_of(
            test,
            self._agreed,
            threads=self._resources.threads,
            is_gpu=self._resources.is_gpu,
            installed=self._installed,
        )
        self._tasks[self._task.remote(msgspec.json.encode(job))] = test

    def _outcome(self, reference: Any) -> Outcome:
        test = self._tasks.pop(reference)
        try:
            data: bytes = self._ray.get(reference)
        except self._ray.exceptions.TaskCancelledError:
            return Outcome(key=test.key, status="stopped", reason="stopped")
        except self._ray.exceptions.RayError as error:
            if self._stopped:
                return Outcome(key=test.key, status="stopped", reason="stopped")
            return Outcome(key=test.key, status="failed", reason=f"Ray: {_reason(error)}")
        return bring_home(test, data)


class Resources(msgspec.Struct, frozen=True):
    """What each test gets, and how many have room."""

    slots: int
    threads: int
    is_gpu: bool


def _imported() -> Any:
    """The package; it is imported only when it is asked for."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        import ray
        import ray.exceptions
    except ImportError:
        raise ExecutorError(_INSTALL) from None
    return ray


def _reach(address: str) -> None:
    """Refuse an address where nothing listens: Ray itself tries for minutes.

    Raises:
        ExecutorError: nothing answers there.
    """
    if address in ("auto", "local"):
        return
    parts = urlsplit(address if "://" in address else f"//{address}")
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or port is None:
        raise ExecutorError(f"--address {address}: expected HOST:PORT, ray://HOST:PORT or auto")
    try:
        socket.create_connection((host, port), _REACH_SECONDS).close()
    except OSError as error:
        reason = error.strerror or one_line(error)
        raise ExecutorError(f"the Ray cluster at {address} cannot be reached: {reason}") from None


def _connect(ray: Any, address: str) -> None:
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    if address:
        options["address"] = address
    else:
        options |= {"num_cpus": len(usable_cores()), "include_dashboard": False}
        options["address"] = "local"  # whatever RAY_ADDRESS says
    try:
        ray.init(**options)
    except (ray.exceptions.RayError, OSError, RuntimeError, ValueError) as error:
        where = f"the Ray cluster at {address} cannot be used"
        problem = where if address else "no Ray cluster can be started here"
        raise ExecutorError(f"{problem}: {one_line(error)}") from None


def _check_version(ray: Any, address: str) -> None:
    """Refuse a cluster without this lrtui.

    Raises:
        ExecutorError: it has none or another, or takes no task.
    """
    try:
        there = ray.get(ray.remote(num_cpus=1)(version).remote(), timeout=_ANSWER_SECONDS)
    except ray.exceptions.GetTimeoutError:
        problem = f"it took no task within {_ANSWER_SECONDS:g} s"
        raise ExecutorError(f"the Ray cluster at {address} cannot be used: {problem}") from None
    except (ray.exceptions.RayError, ImportError) as error:
        problem = _reason(error)
        if "No module named 'lrtui'" in str(error):
            problem = "lrtui is not installed on its nodes"
        raise ExecutorError(f"the Ray cluster at {address} cannot be used: {problem}") from None
    if there != __version__:
        problem = f"it has lrtui {there}, and this is {__version__}"
        raise ExecutorError(f"the Ray cluster at {address} cannot be used: {problem}")


def _resources(ray: Any, specs: Sequence[RunSpec], workers: int, is_local: bool) -> Resources:
    there = ray.cluster_resources()
    gpus = int(there.get("GPU", 0))
    if gpus and not all(spec.device.startswith("cpu") for spec in specs):
        return Resources(workers or gpus, 1, True)
    if is_local:
        groups = core_groups(workers)
        threads = max(1, len(usable_cores()) // len(groups))
        return Resources(len(groups), threads, False)
    cpus = [int(node["Resources"].get("CPU", 0)) for node in ray.nodes() if node["Alive"]]
    threads = max(1, min([CORES_A_GROUP, *filter(None, cpus)]))
    return Resources(workers or max(1, sum(cpus) // threads), threads, False)


def _words(specs: Sequence[RunSpec], resources: Resources, address: str) -> str:
    """How many tests go where, with what of the user's."""
    cluster = f"the Ray cluster at {address}" if address else "a Ray cluster on this machine"
    each = "a GPU each" if resources.is_gpu else f"{resources.threads} CPU each"
    words = f"{len(specs)} tests on {cluster}, {resources.slots} at a time, {each}"
    installed = Installed()
    names: dict[str, None] = {}
    for spec in specs:
        for path in code_of(spec, installed):
            names[str(path)] = None
    if names:
        words += f"; sent: {', '.join(names)}"
    return words


def _reason(error: BaseException) -> str:
    """The first line of an error that says something."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep what Ray and its processes print off the terminal: it goes to a log.

    Our own stderr is a duplicate meanwhile.
    """
    own = sys.stderr
    saved = [os.dup(1), os.dup(2)]
    with (paths.logs() / "ray.log").open("ab") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    if own is not None and _is_descriptor_two(own):
        sys.stderr = os.fdopen(os.dup(saved[1]), "w", buffering=1, errors="backslashreplace")
    try:
        yield
    finally:
        if sys.stderr is not own:
            sys.stderr.close()
            sys.stderr = own
        for number, copy in enumerate(saved, 1):
            os.dup2(copy, number)
            os.close(copy)


def _is_descriptor_two(stream: Any) -> bool:
    try:
        return bool(stream.fileno() == 2)
    except (OSError, ValueError):
        return False
