"""Doubles for the Pilot tests: a driver and a session that say what a test tells them to. No processes, no threads."""

import math

from lrtui.analysis.answer import Bounds, ConfirmVerdict, Schedule, Suggestion
from lrtui.analysis.candidates import what_it_is
from lrtui.catalog.availability import Availability
from lrtui.catalog.infer import Facts
from lrtui.catalog.offers import Field, Offer
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
from lrtui.protocol import Checked, Described, Fetched, Fetching, Looked, Ready, key
from lrtui.spec import Choice, LoaderSpec, RangeSpec, RunSpec

SPEC = RunSpec(
    range=RangeSpec(start_lr=1e-7, end_lr=10.0, num_iter=100)
)  # whatever the defaults become
DIGEST = "abc123def456" + "0" * 52
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
SGD = Offer(target="torch.optim:SGD", summary="Stochastic gradient descent.", fields=(
    Field(name="momentum", kind="float", default=0.0),
))  # fmt: skip


def started(spec: RunSpec, digest: str = DIGEST, **fields: object) -> Started:
    given = {
        "id": "01KAN000000000000000ABCDEF", "created": "2026-01-01T00:00:00.000Z", "lrtui": "0", "torch": "2",
        "device": "cpu", "parameters": 10, "batch": "a pair", "loss": "CrossEntropyLoss",
        "log": "/tmp/lrtui/worker.log",
    }  # fmt: skip
    total = spec.range.num_iter * spec.range.repeats
    return Started(**{**given, **fields}, spec=spec, digest=digest, total_steps=total)


def curve(spec: RunSpec, count: int | None = None, repeat: int = 0) -> list[Step]:
    """The textbook picture: flat, falling, blowing up."""
    test = spec.range
    steps = []
    for i in range(count if count is not None else test.num_iter):
        lr = test.start_lr * (test.end_lr / test.start_lr) ** (i / (test.num_iter - 1))
        place = math.log10(lr)
        loss = (
            2.3
            - 1.0 * (1 + math.tanh((place + 2.5) * 1.5))
            + (10 ** (place + 0.3)) ** 2 * 0.8
            + 0.01 * repeat
        )
        raw = loss + 0.05 * math.sin(i * 12.9)
        steps.append(
            Step(iteration=i, repeat=repeat, lr=lr, raw_loss=raw, loss=loss, seconds=0.1 * (i + 1))
        )
    return steps


def answer(**fields: object) -> Suggested:
    given = {
        "lr": 3.2e-3, "low": 1.1e-3, "high": 7.9e-3, "verdict": "ok", "reason": "steepest where the repeats agree",
        "method": "valley centre", "advice": "confirm it",
    }  # fmt: skip
    return Suggested(
        suggestion=Suggestion(**{**given, **fields}),
        suggestions={"valley": 1.23e-3, "slide": None},
        bounds=Bounds(2e-4, 2e-1) if fields.get("lr", 1) else None,
    )


def whole_run(spec: RunSpec) -> list[Event]:
    """A run that went well, from its first event to its last."""
    return [
        started(spec),
        *curve(spec),
        answer(),
        Ended(status="completed", reason="all iterations ran", seconds=10.0),
    ]


def trial(
    lr: float, loss: float | None, round: int = 0, seed: int = 0, steps: int = 40
) -> Measured:
    curve = [2.3 - 0.02 * i for i in range(steps)]
    found = answer()
    what = what_it_is(lr, 3.2e-3, found.suggestion, found.bounds)
    return Measured(
        TrialResult(
            lr=lr,
            what=what,
            round=round,
            seed=seed,
            iterations=steps,
            loss=loss,
            curve=curve,
            schedule="constant",
            spent=steps,
        )
    )


def confirmation(
    verdict: ConfirmVerdict = "confirmed",
    better: float | None = None,
    reason: str = "no rate trains better",
    schedule: Schedule = "constant",
) -> Measured:
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
        )
    )


class FakeDriver:
    """Keeps what it was asked for; the test appends the events."""

    def __init__(self, events: list[Event] | None = None) -> None:
        self.events: list[Event] = list(events or [])
        self.busy = False
        self.log = "/tmp/lrtui/worker.log"
        self.asked: list[str] = []
        self.specs: list[RunSpec] = []
        self.budgets: list[dict[str, object]] = []

    def run(self, spec: RunSpec) -> None:
        self.busy = True
        self.asked.append("run")
        self.specs.append(spec)

    def confirm(self, **how: object) -> None:
        self.busy = True
        self.asked.append("confirm")
        self.budgets.append(how)

    def stability(self) -> None:
        self.busy = True
        self.asked.append("stability")

    def stop(self) -> None:
        self.asked.append("stop")

    def reset(self) -> None:
        self.asked.append("reset")

    def close(self) -> None:
        self.asked.append("close")

    def tell(self, *events: Event) -> None:
        self.events.extend(events)
        if events and (isinstance(events[-1], Ended | Restored) or ends_check(events[-1])):
            self.busy = False


class FakeSession:
    """Warm from the start unless told otherwise; describes torch.optim."""

    def __init__(self, *, warm: bool = True) -> None:
        self.ready = Ready(torch="2.9.0", devices=("cpu", "cuda:0")) if warm else None
        self.described: dict[tuple[str, str], Described] = {}
        self.looked: dict[str, Looked] = {}
        self.checked: dict[str, Checked] = {}
        self.fetching: dict[str, Fetching | Fetched] = {}
        self.missing: dict[str, Availability] = {}  # by target: all other data is there
        self.facts: dict[str, Facts] = {}  # by target
        self.left: list[Choice] = []
        self.problem = ""
        self.drivers: list[FakeDriver] = []
        self.closed = False

    def start(self) -> None: ...

    def describe(self, role: str, where: str) -> None:
        known = {"torch.optim": (ADAMW, SGD)}
        problem = "" if where in known else f"no module named '{where}'"
        self.described[role, where] = Described(
            role=role, where=where, offers=known.get(where, ()), problem=problem
        )

    @property
    def news(self) -> int:
        return sum(map(len, (self.described, self.looked, self.checked, self.fetching)))

    def look(self, data: Choice, loader: LoaderSpec) -> None:
        facts = self.facts.get(data.target)
        self.looked[key(data, loader)] = Looked(
            data=data, loader=loader, facts=facts, words="16×1×8×8 of float32"
        )

    def check(self, data: Choice) -> None:
        there = self.missing.get(data.target, Availability(there=True))
        self.checked[key(data)] = Checked(data=data, availability=there)

    def fetch(self, data: Choice) -> None:
        self.fetching[key(data)] = Fetching(data=data, name="train.gz", done=0, total=30_000_000)

    def leave(self, data: Choice) -> None:
        self.left.append(data)

    def driver(self, spec: RunSpec) -> FakeDriver:
        self.drivers.append(FakeDriver())
        return self.drivers[-1]

    def close(self) -> None:
        self.closed = True
