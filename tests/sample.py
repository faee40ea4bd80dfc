"""Events and records as a small run makes them, for tests of what comes after a run."""

from lrtui.analysis.answer import Bounds, Suggestion
from lrtui.events import Ended, Event, Notice, Started, Step, Suggested
from lrtui.spec import RunSpec

STARTED = Started(
    id="01JD0000000000000000000000",
    created="2026-01-02T03:04:05.678Z",
    lrtui="0.1.0",
    torch="2.15.0",
    device="cpu",
    spec=RunSpec(),
    parameters=5178,
    batch="input 64x1x8x8 float32, target 64 int64",
    loss="cross entropy",
    digest="aeb74dc4717620d6",
    total_steps=4,
    log="worker.log",
)
SUGGESTED = Suggested(
    suggestion=Suggestion(
        lr=0.003,
        low=0.001,
        high=0.008,
        verdict="ok",
        reason="the loss fell.",
        method="valley",
        advice="repeat it.",
    ),
    suggestions={"steepest": 0.004, "valley": None},
    bounds=Bounds(start_lr=0.001, end_lr=0.01),
)
ENDED = Ended(status="diverged", reason="the loss became nan at lr 1.00e-01", seconds=1.5)


def steps(repeat: int = 0) -> list[Step]:
    finite = [
        Step(
            iteration=i,
            repeat=repeat,
            lr=10.0 ** -(4 - i),
            raw_loss=2.5 - i,
            loss=2.5 - i / 2,
            seconds=i / 10,
        )
        for i in range(3)
    ]
    last = Step(
        iteration=3, repeat=repeat, lr=0.1, raw_loss=None, loss=None, nonfinite="nan", seconds=0.3
    )
    return [*finite, last]


def run_events() -> list[Event]:
    return [STARTED, *steps(), Notice(text="a notice"), SUGGESTED, ENDED]
