"""Rank: joins the process group, builds its share, and carries out what rank 0 is asked for."""

import os
from collections.abc import Callable
from datetime import timedelta

import msgspec
import torch
import torch.distributed as dist

from lrtui.build.assemble import Built
from lrtui.build.datasets.shares import Share
from lrtui.catalog.errors import one_line
from lrtui.endings import check_problem
from lrtui.events import Ended, Event, Passing
from lrtui.output import Output
from lrtui.output.log import LOG_VARIABLE
from lrtui.protocol import Command, Confirm, Extend, Quit, Reset, Run, Stability
from lrtui.ranks.placement import Placement, placement_of
from lrtui.run_events.failing import failed_event
from lrtui.run_events.objects import LiveObjects
from lrtui.spec import RunSpec
from lrtui.worker.inbox import Inbox
from lrtui.worker.ranks.blame import before_traceback, is_by_others
from lrtui.worker.ranks.lines import Failed, Line
from lrtui.worker.ranks.together import AgreedStop, Shared
from lrtui.worker.ranks.wrap import built_for, device_of_rank
from lrtui.worker.recorder import Recording
from lrtui.worker.runner import Runner

NO_SECONDS = "a race on several processes is limited by iterations, not by seconds"
ALONE = "the stability limit is measured in one process: run it without devices.nproc"


class Rank:
    """One of the processes of a run.

    Args:
        rank: among all of them.
        run: what to run.
        inbox: commands of the worker; those for all ranks come to rank 0.
        line: to the worker.
    """

    def __init__(self, rank: int, run: Run, inbox: Inbox, line: Line) -> None:
        self._rank = rank
        self._run = run
        self._inbox = inbox
        self._line = line
        self._stop = AgreedStop(inbox.stop)

    def serve(self) -> None:
        """Carry out the run, and what is asked for after it, until the worker quits."""
        output = Output.from_now(os.environ.get(LOG_VARIABLE, ""))
        try:
            share = join(self._run.spec)
        except Exception as error:  # noqa: BLE001 - it becomes the end of the run
            reason = f"the process group could not be formed: {one_line(error)}"
            self._fail(failed_event(error, reason, "device", output, self._run.spec))
            self._wait_for_quit()
            return
        shared = Shared(self._inbox)
        runner = RankRunner(self._send, self._stop, share, self._recorder)
        command: Command = self._run
        while not isinstance(command, Quit):
            self._stop.forget()
            self._carry_out(runner, command)
            command = self._next_of_all(shared) if self._rank == 0 else shared.next()

    def _carry_out(self, runner: "RankRunner", command: Command) -> None:
        match command:
            case Run():
                runner.range_test(command)
            case Extend():
                self._stop.extend_together(command.end_lr)
                runner.extend(command)
            case Confirm():
                runner.confirm(command)
            case Reset():
                runner.reset()

    def _next_of_all(self, shared: Shared) -> Command:
        """The next command that all ranks can carry out, handed to the others."""
        while True:
            command = self._inbox.next()
            if isinstance(command, Quit | Reset):
                break
            if isinstance(command, Confirm):
                if command.seconds is None:
                    break
                self._line.keep(check_problem("confirmation", NO_SECONDS), is_last=True)
            elif isinstance(command, Stability):
                self._line.keep(check_problem("stability", ALONE), is_last=True)
            elif isinstance(command, Extend) and self._is_left(command):
                break
        shared.hand_out(command)
        return command

    def _is_left(self, command: Extend) -> bool:
        """Whether the run that was in progress has not been extended by that already."""
        asked = self._inbox.stop.take_extension()
        return self._stop.take_extension() is not None or asked is not None

    def _wait_for_quit(self) -> None:
        while not isinstance(self._inbox.next(), Quit):
            pass

    def _send(self, event: Event) -> None:
        if self._rank == 0:
            self._line.pass_on(event)

    def _fail(self, ended: Ended) -> None:
        # the log is that of all ranks: what another one's traceback says is no output
        ended = msgspec.structs.replace(ended, output=before_traceback(ended.output))
        by_others = is_by_others(ended.reason)
        self._line.say(Failed(rank=self._rank, ended=ended, by_others=by_others))

    def _recorder(self, send: Callable[[Event], None], run_id: str) -> "RankRecorder":
        return RankRecorder(self._line if self._rank == 0 else None, self._fail)


class RankRunner(Runner):
    """Builds a share of the spec, and stops when all ranks have agreed to."""

    def __init__(
        self,
        send: Callable[[Event], None],
        stop: AgreedStop,
        share: Share,
        keep: "Callable[[Callable[[Event], None], str], RankRecorder]",
    ) -> None:
        def make(spec: RunSpec, notice: Callable[[str], None]) -> Built:
            return built_for(spec, share, notice)

        super().__init__(send, stop, make=make, keep=keep)
        self._agreed = stop

    def _prepare(self, spec: RunSpec) -> LiveObjects:
        objects = super()._prepare(spec)
        assert objects.finder.ranks is not None
        self._agreed.join(objects.finder.ranks)
        return objects


class RankRecorder(Recording):
    """Has the worker keep what rank 0 measures, and tells it how a rank has failed."""

    def __init__(self, line: Line | None, fail: Callable[[Ended], None]) -> None:
        self._line = line
        self._fail = fail
        self._seconds = 0.0

    def emit(self, event: Event) -> None:
        """Pass an event on; one of the moment is for the front end only."""
        if self._line is None:
            return
        if isinstance(event, Passing):
            self._line.pass_on(event)
        else:
            self._line.keep(event)

    def emit_from_thread(self, event: Event) -> None:
        """Pass an event on: what a rank says is put in order by its line."""
        self.emit(event)

    def finish(self, last: Event) -> None:
        """Pass the last event on; the failure of any rank as one."""
        if isinstance(last, Ended):
            self._seconds = last.seconds
            if last.status == "failed":
                self._fail(last)
                return
        if self._line is not None:
            self._line.keep(last, is_last=True)

    @property
    def seconds(self) -> float:
        """How long the run took, up to its last end."""
        return self._seconds

    def reopen(self) -> None:
        """The worker does that when the next event comes."""


def join(spec: RunSpec) -> Share:
    """Join the process group; the share of this process.

    Raises:
        Exception: what torch raises where the processes do not meet in time.
    """
    placement = placement_of(spec.devices)
    local = placement.local + int(os.environ["LOCAL_RANK"])
    device = device_of_rank(spec.device, local)
    divide_threads(placement)
    dist.init_process_group(
        "cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo",
        timeout=timedelta(seconds=spec.devices.timeout),
    )
    return Share(dist.get_rank(), dist.get_world_size(), device, spec.devices.shard)


def divide_threads(placement: Placement) -> None:
    """Give each process here its part of the cores, unless OMP_NUM_THREADS says how many."""
    if "OMP_NUM_THREADS" in os.environ:
        return
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    torch.set_num_threads(max(1, (cores or 1) // placement.local_size))
