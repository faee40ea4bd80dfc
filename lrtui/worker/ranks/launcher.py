"""Launcher: starts the ranks of a run under torchrun, and sees to it that all of them end."""

import contextlib
import logging
import os
import signal
import sys
import threading
import traceback
import uuid
from collections.abc import Iterator
from typing import Protocol

import torch
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

from lrtui.build.device import choose_device
from lrtui.catalog.errors import PhaseError, one_line
from lrtui.endings import StopFlag
from lrtui.events import Ended, Notice
from lrtui.output import Output
from lrtui.output.log import LOG_VARIABLE
from lrtui.protocol import Command, Confirm, Extend, Quit, Reset, Run, Stability, Stop
from lrtui.ranks.placement import Placement, placement_of
from lrtui.spec import DevicesSpec, RunSpec
from lrtui.specproblems import not_divisible
from lrtui.worker.outbox import Outbox
from lrtui.worker.ranks.blame import before_traceback, death
from lrtui.worker.ranks.relay import Relay
from lrtui.worker.recorder import Recorder

_POLL_SECONDS = 0.02
_LATE_SECONDS = 3.0  # ranks that were asked to quit are killed after this


class Commands(Protocol):
    """The commands of the front end; see `lrtui.worker.service`."""

    stop: StopFlag

    def next(self, timeout: float | None = None) -> Command | None:
        """The next command; None if `timeout` seconds pass without one."""
        ...


class Launcher:
    """Has ranks carry out the commands of a front end, from one `Run` on.

    Args:
        commands: of the front end.
        outbox: to the front end.
    """

    def __init__(self, commands: Commands, outbox: Outbox) -> None:
        self._commands = commands
        self._outbox = outbox
        self._unserved: Command | None = None
        self._done = threading.Event()

    def serve(self, command: Run) -> Command | None:
        """Run a spec on its ranks; returns the next command that they cannot carry out."""
        placement = placement_of(command.spec.devices)
        recorder = Recorder(self._outbox.send, command.id) if placement.has_first else None
        relay = Relay(command, placement, self._outbox.send, recorder)
        try:
            check(command.spec, placement)
        except PhaseError as error:
            relay.end(Ended(status="failed", phase=error.phase, reason=error.message, seconds=0))
            relay.close()
            return None
        if not placement.has_first:
            self._outbox.send(Notice(text=elsewhere(placement)))
        self._unserved = None
        self._done.clear()
        follower = threading.Thread(target=self._follow, args=(relay,), daemon=True)
        follower.start()
        output = Output.from_now(os.environ.get(LOG_VARIABLE, ""))
        try:
            launch(command.spec.devices, placement, relay.path)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - torchrun ends in many ways
            if not relay.end_by_failures():
                relay.end(_ended(error, command.spec.devices, placement, output))
        else:
            relay.end(_early_end(placement))
        finally:
            self._done.set()
            follower.join()
            relay.close()
        return self._unserved

    def _follow(self, relay: Relay) -> None:
        """Pass commands on while the ranks run, and end them before one that is not for them."""
        is_stopped = is_left = False
        while not self._done.is_set():
            if not self._commands.stop.is_set():
                is_stopped = False
            elif not is_stopped:
                is_stopped = relay.tell(Stop(cause=self._commands.stop.reason("").strip()))
            command = self._commands.next(_POLL_SECONDS)
            if isinstance(command, Quit) and relay.busy and not self._commands.stop.is_set():
                is_left = True  # by a front end that was detached: the run goes on to its end
                continue
            if is_left and not relay.busy:
                command = Quit()
            if isinstance(command, Extend | Confirm | Stability | Reset) and not relay.failed:
                relay.tell(command)
            elif command is not None:
                self._unserved = command
                relay.tell_all(Quit())
                if not self._done.wait(_LATE_SECONDS):
                    relay.kill()
                    self._done.wait()


def check(spec: RunSpec, placement: Placement) -> None:
    """Raise PhaseError for a run that cannot be started here."""
    if spec.loader.batch_size % placement.size:
        message = not_divisible(spec.loader.batch_size, placement.size)
        raise PhaseError("data", f"loader.batch_size: {message}")
    device = choose_device(spec.device)
    if device.type == "cuda" and placement.local_size > torch.cuda.device_count():
        gpus = torch.cuda.device_count()
        message = f"{placement.local_size} processes need as many GPUs, and this machine has {gpus}"
        raise PhaseError("device", f"{message}: lower devices.nproc, or set device to cpu")


def launch(devices: DevicesSpec, placement: Placement, path: str) -> None:
    """Run the ranks of this machine to their end, as torchrun does.

    Raises:
        Exception: what torchrun raises: a rank has failed, or the machines have not met.
    """
    logging.getLogger("torch.distributed").setLevel(logging.ERROR)
    seconds = max(1, round(devices.timeout))
    config = LaunchConfig(
        min_nodes=placement.nnodes,
        max_nodes=placement.nnodes,
        nproc_per_node=placement.nproc,
        run_id=uuid.uuid4().hex if placement.nnodes == 1 else "lrtui",
        rdzv_backend="c10d" if placement.nnodes == 1 else "static",
        rdzv_endpoint=placement.endpoint or "localhost:0",
        rdzv_configs={"rank": placement.node, "timeout": seconds},
        local_addr="localhost" if placement.nnodes == 1 else None,
        max_restarts=0,
        monitor_interval=0.05,
    )
    with _signals_kept():
        elastic_launch(config, sys.executable)("-P", "-m", "lrtui.worker.ranks", path)


def _early_end(placement: Placement) -> Ended:
    """The end where all ranks here have ended in order, and none has said how the run did."""
    if placement.has_first:
        reason = "its processes have ended"
        return Ended(status="failed", phase="training", reason=reason, seconds=0)
    return Ended(status="completed", reason="the run has ended", seconds=0)


def elsewhere(placement: Placement) -> str:
    """What is said on a machine that only helps."""
    first, last = placement.first_rank, placement.first_rank + placement.nproc - 1
    ranks = f"rank {first}" if first == last else f"ranks {first} to {last}"
    host = placement.endpoint.rpartition(":")[0]
    return f"{ranks} of {placement.size} run here; the run is shown and recorded on {host}"


def _ended(
    error: BaseException, devices: DevicesSpec, placement: Placement, output: Output
) -> Ended:
    """The end of a run whose ranks were never there, or have died."""
    printed = before_traceback(output.last_lines())
    if isinstance(error, ChildFailedError) and error.failures:
        first = min(error.failures.values(), key=lambda failure: failure.timestamp)
        reason = death(placement.first_rank + first.local_rank, first.exitcode)
        return Ended(status="failed", phase="training", reason=reason, seconds=0, output=printed)
    traceback.print_exception(error)
    if placement.nnodes > 1:
        where = f"{placement.nnodes} machines have not met at {placement.endpoint}"
        reason = f"{where} within {devices.timeout:g} s (devices.timeout): {one_line(error)}"
        return Ended(status="failed", phase="device", reason=reason, seconds=0)
    reason = f"torchrun failed: {one_line(error)}"
    return Ended(status="failed", phase="worker", reason=reason, seconds=0, output=printed)


@contextlib.contextmanager
def _signals_kept() -> Iterator[None]:
    """Put back the handlers of signals that torchrun replaces."""
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)
    before = {number: signal.getsignal(number) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
