"""Doubles for Pilot tests: a driver and a session without processes or threads."""

import math

import msgspec

from lrtui.analysis.answer import Bounds, ConfirmVerdict, Schedule, Suggestion
from lrtui.catalog.availability import Availability
from lrtui.catalog.infer import Facts
from lrtui.catalog.offers import Field, Offer, Role
from lrtui.catalog.trust import Item
from lrtui.events import (
    ConfirmationResult,
    Ended,
    Event,
    Measured,
    Restored,
    Started,
    Step,
    Suggested,
    TrialResult,
    ends_check,
)
from lrtui.output.log import Printed
from lrtui.protocol import Checked, Confirm, Described, Fetched, Fetching, Looked, Ready, key
from lrtui.report.race import what_it_is
from lrtui.spec import Choice, LoaderSpec, RangeSpec, RunSpec

# spelled out, so that tests do not depend on the defaults
SPEC = RunSpec(range=RangeSpec(start_lr=1e-7, end_lr=10.0, num_iter=100))
THREE_REPEATS = RunSpec(range=RangeSpec(start_lr=1e-7, end_lr=10.0, num_iter=100, repeats=3))
# long enough for an answer from the curve itself
ANSWERED = RunSpec(range=RangeSpec(start_lr=1e-7, end_lr=10.0, num_iter=300))
DIGEST = "abc123def4567890"  # as lrtui.engine.restore.digest makes it: 64 bits in hex
LOG = "/tmp/lrtui/worker.log"
ADAMW = Offer(
    target="torch.optim:AdamW",
    summary="Implements AdamW algorithm.",
    fields=(
        Field(name="betas", kind="tuple", default=(0.9, 0.999), item="float", length=2),
        Field(name="weight_decay", kind="float", default=0.01, help="weight decay coefficient"),
        Field(name="amsgrad", kind="bool", default=False),
        Field(name="foreach", kind="bool", optional=True),
    ),
)
SGD = Offer(
    target="torch.optim:SGD",
    summary="Stochastic gradient descent.",
    fields=(Field(name="momentum", kind="float", default=0.0),),
)


def started(spec: RunSpec, digest: str = DIGEST, **changes: object) -> Started:
    """The start of a run on the digits."""
    event = Started(
        id="01KAN000000000000000ABCDEF",
        created="2026-01-01T00:00:00.000Z",
        lrtui="0.1.0",
        torch="2.9.0",
        device="cpu",
        spec=spec,
        parameters=5_018,
        batch="64x1x8x8 float32 → images, 64 int64 → target",
        loss="CrossEntropyLoss",
        digest=digest,
        total_steps=spec.range.num_iter * spec.range.repeats,
        log=LOG,
    )
    return msgspec.structs.replace(event, **changes)


def curve(spec: RunSpec, count: int | None = None, repeat: int = 0) -> list[Step]:
    """A textbook curve: flat, falling, diverging. The first `count` of its steps."""
    ramp = spec.range
    if count is None:
        count = ramp.num_iter
    steps = []
    for iteration in range(count):
        lr = ramp.start_lr * (ramp.end_lr / ramp.start_lr) ** (iteration / (ramp.num_iter - 1))
        log_lr = math.log10(lr)
        descent = 1.0 + math.tanh((log_lr + 2.5) * 1.5)
        divergence = 0.8 * (10 ** (log_lr + 0.3)) ** 2
        loss = 2.3 - descent + divergence + 0.01 * repeat
        step = Step(
            iteration=iteration,
            repeat=repeat,
            lr=lr,
            raw_loss=loss + 0.05 * math.sin(iteration * 12.9),
            loss=loss,
            seconds=0.1 * (iteration + 1),
        )
        steps.append(step)
    return steps


def answer(**changes: object) -> Suggested:
    """An answer with a rate and bounds; without a rate (`lr=None`) it has no bounds either."""
    suggestion = Suggestion(
        lr=3.2e-3,
        low=1.1e-3,
        high=7.9e-3,
        verdict="ok",
        reason="steepest where the repeats agree",
        method="valley centre",
        advice="confirm it",
    )
    suggestion = msgspec.structs.replace(suggestion, **changes)
    bounds = None if suggestion.lr is None else Bounds(2e-4, 2e-1)
    return Suggested(
        suggestion=suggestion, suggestions={"valley": 1.23e-3, "slide": None}, bounds=bounds
    )


def whole_run(spec: RunSpec, record: str = "") -> list[Event]:
    """Events of a run that went well; `record` is the path of its own record."""
    ended = Ended(status="completed", reason="all iterations ran", seconds=10.0, record=record)
    return [started(spec), *curve(spec), answer(), ended]


def trial(
    lr: float, loss: float | None, round: int = 0, seed: int = 0, steps: int = 40
) -> Measured:
    """A finished short training."""
    return Measured(
        TrialResult(
            lr=lr,
            what=what_it_is(lr, 3.2e-3, "suggestion"),
            round=round,
            seed=seed,
            iterations=steps,
            loss=loss,
            curve=[2.3 - 0.02 * step for step in range(steps)],
            schedule="constant",
            spent=steps,
        )
    )


def race_end(
    verdict: ConfirmVerdict = "confirmed",
    better: float | None = None,
    reason: str = "no rate trains better",
    schedule: Schedule = "constant",
    more_steps: int = 0,
) -> Measured:
    """The end of a race."""
    answer_lr = better or 3.2e-3
    return Measured(
        ConfirmationResult(
            verdict=verdict,
            lr=3.2e-3,
            better=better,
            reason=reason,
            margin=0.1,
            error=0.01,
            iterations=120,
            schedule=schedule,
            judged_by="validation loss",
            problem="",
            low=answer_lr / 2,
            high=answer_lr * 2,
            more_steps=more_steps,
        )
    )


class FakeDriver:
    """Remembers what it was asked for; the test supplies the events with `tell`."""

    def __init__(self, events: list[Event] | None = None) -> None:
        self.events: list[Event] = list(events or [])
        self.busy = False
        self.read_only = False
        self.owner = ""
        self.log = LOG
        self.asked: list[str] = []
        self.specs: list[RunSpec] = []
        self.budgets: list[Confirm] = []
        self.printed: list[str] = []  # by the user's code

    def run(self, spec: RunSpec) -> None:
        self.busy = True
        self.asked.append("run")
        self.specs.append(spec)

    def confirm(self, command: Confirm) -> None:
        self.busy = True
        self.asked.append("confirm")
        self.budgets.append(command)

    def extend(self, end_lr: float) -> None:
        self.asked.append(f"extend {end_lr:g}")

    def stability(self) -> None:
        self.busy = True
        self.asked.append("stability")

    def stop(self) -> None:
        self.asked.append("stop")

    def reset(self) -> None:
        self.asked.append("reset")

    def output(self) -> list[str]:
        return self.printed

    def print_count(self) -> Printed:
        return Printed(len(self.printed))

    def close(self) -> None:
        self.asked.append("close")

    def join(self, timeout: float) -> None:
        self.asked.append("join")

    def tell(self, *events: Event) -> None:
        """Let these events arrive."""
        self.events.extend(events)
        last = events[-1]
        if isinstance(last, Ended | Restored) or ends_check(last):
            self.busy = False


class FakeSession:
    """Warm from the start unless told otherwise; describes torch.optim."""

    host = ""
    host_flags: tuple[str, ...] = ()

    def __init__(self, *, warm: bool = True) -> None:
        self.ready: Ready | None = None
        if warm:
            self.ready = Ready(torch="2.9.0", devices=("cpu", "cuda:0"))
        self.described: dict[tuple[str, str], Described] = {}
        self.looked: dict[str, Looked] = {}
        self.checked: dict[str, Checked] = {}
        self.fetching: dict[str, Fetching | Fetched] = {}
        self.missing: dict[str, Availability] = {}  # by target; all other data is available
        self.facts: dict[str, Facts] = {}  # by target
        self.left: list[Choice] = []
        self.problem = ""
        self.drivers: list[FakeDriver] = []
        self.closed = False
        self.hung_up = ""
        self.agreed: set[str] = set()
        self.refused: dict[str, Item] = {}

    def start(self) -> None: ...

    def describe(self, role: Role, where: str) -> None:
        described = Described(role=role, where=where, problem=f"no module named '{where}'")
        if where == "torch.optim":
            described = Described(role=role, where=where, offers=(ADAMW, SGD))
        self.described[role, where] = described

    @property
    def news(self) -> int:
        answers = len(self.described) + len(self.looked) + len(self.checked)
        return answers + len(self.fetching)

    def look(self, data: Choice, loader: LoaderSpec, model: str = "", batch: str = "") -> None:
        self.looked[key(data, loader, model, batch)] = Looked(
            data=data,
            loader=loader,
            model=model,
            batch=batch,
            facts=self.facts.get(data.target),
            words="16x1x8x8 float32 → input, 16 int64 → target",
        )

    def check(self, data: Choice) -> None:
        available = self.missing.get(data.target, Availability(there=True))
        self.checked[key(data)] = Checked(data=data, availability=available)

    def fetch(self, data: Choice) -> None:
        self.fetching[key(data)] = Fetching(data=data, name="train.gz", done=0, total=30_000_000)

    def leave(self, data: Choice) -> None:
        self.left.append(data)

    def driver(self, spec: RunSpec) -> FakeDriver:
        self.drivers.append(FakeDriver())
        return self.drivers[-1]

    def hang_up(self, *, stop: bool = False) -> None:
        self.hung_up = "stop" if stop else "continue"

    def close(self) -> None:
        self.closed = True
