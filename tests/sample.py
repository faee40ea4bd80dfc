"""The events of a small run, for tests of what happens with them afterwards."""

from lrtui.analysis.answer import Bounds, Suggestion
from lrtui.events import (
    ConfirmationResult,
    Ended,
    Event,
    Notice,
    Started,
    Step,
    Suggested,
    TrialResult,
)
from lrtui.spec import RunSpec

STARTED = Started(
    id="01JD0000000000000000000000",
    created="2026-01-02T03:04:05.678Z",
    lrtui="0.1.0",
    torch="2.15.0",
    device="cpu",
    spec=RunSpec(),
    parameters=5178,
    batch="64x1x8x8 float32 → images, 64 int64 → target",
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
TRIAL = TrialResult(
    lr=0.003,
    what="suggestion",
    round=0,
    seed=0,
    iterations=2,
    loss=1.0,
    curve=[2.5, 1.0],
    schedule="constant",
    spent=2,
)
RACE = ConfirmationResult(
    verdict="tie",
    lr=0.003,
    better=0.001,
    also=0.003,
    reason="1.0e-03 and 3.0e-03 are at most 4 % apart",
    low=0.0005,
    high=0.003,
    apart=4.0,
    sure=False,
    margin=0.01,
    error=0.02,
    iterations=1200,
    schedule="constant",
    steps=3000,
    judged_by="validation loss",
    problem="",
)


def steps(repeat: int = 0) -> list[Step]:
    """Three finite losses, then a nan."""
    return [
        Step(iteration=0, repeat=repeat, lr=1e-4, raw_loss=2.5, loss=2.5, seconds=0.0),
        Step(iteration=1, repeat=repeat, lr=1e-3, raw_loss=1.5, loss=2.0, seconds=0.1),
        Step(iteration=2, repeat=repeat, lr=1e-2, raw_loss=0.5, loss=1.5, seconds=0.2),
        Step(
            iteration=3,
            repeat=repeat,
            lr=0.1,
            raw_loss=None,
            loss=None,
            nonfinite="nan",
            seconds=0.3,
        ),
    ]


def run_events() -> list[Event]:
    """A whole run of one repeat."""
    return [STARTED, *steps(), Notice(text="a notice"), SUGGESTED, ENDED]
