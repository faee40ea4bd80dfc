"""Records of every shape that an export may meet."""

from pathlib import Path

import msgspec
import numpy as np

from lrtui.events import ConfirmationResult
from lrtui.record import History, RunRecord, from_events
from lrtui.runs.curves import with_answer
from lrtui.runs.store import load
from tests.report.trials import trial
from tests.sample import RACE, run_events

GOLDEN = sorted((Path(__file__).parents[1] / "golden").glob("*.json"))
RECORD = from_events(run_events())


def named(name: str) -> RunRecord:
    """A record of tests/golden."""
    (path,) = (path for path in GOLDEN if path.stem == name)
    return load(path)


def curve(seed: int = 0, points: int = 300) -> History:
    """A curve with a clear fall, and a blow-up at its end."""
    lr = np.geomspace(1e-6, 10, points)
    rough = 0.02 * np.random.default_rng(seed).standard_normal(points)
    loss = (2.3 - 2 / (1 + (1e-3 / lr) ** 2) + np.minimum(50, (lr / 0.5) ** 3) + rough).tolist()
    return History(lr=lr.tolist(), loss=loss, raw_loss=loss)


def whole() -> RunRecord:
    """A record of three repeats, with an answer, boundaries and a race in which a rate blew up."""
    repeats = [curve(seed) for seed in range(3)]
    record = msgspec.structs.replace(
        RECORD, history=repeats[0], repeats=repeats, suggestion=None, bounds=None, measured=[]
    )
    record = with_answer(record)
    assert record.suggestion is not None
    lr = record.suggestion.lr
    assert lr is not None
    trials = [trial(lr, 0.4), trial(lr / 2, 0.6), trial(lr * 2, None)]
    result = msgspec.structs.replace(RACE, lr=lr, better=None, verdict="confirmed", also=None)
    assert isinstance(result, ConfirmationResult)
    return msgspec.structs.replace(record, measured=[*trials, result])


def flat(level: float) -> RunRecord:
    """A run whose loss stays where it is."""
    rough = 0.02 * np.random.default_rng(0).standard_normal(300)
    losses = (level * (1 + rough)).tolist()
    history = msgspec.structs.replace(curve(), loss=losses, raw_loss=losses)
    return msgspec.structs.replace(RECORD, history=history, suggestion=None, bounds=None)


def empty() -> RunRecord:
    """A run that failed before it measured anything."""
    return msgspec.structs.replace(
        RECORD, status="failed", history=History(), suggestion=None, bounds=None
    )


def hostile() -> RunRecord:
    """A record whose texts try to become markup, code, a formula or a mention."""
    bad = "</title><script>alert(1)</script> @team ``` | $x^ \x1b[31m\n\nimport os"
    spec = {**RECORD.spec, "model": {"target": f"net.py:{bad}", "args": {bad: bad}}}
    spec["optimizer"] = {"target": f"torch.optim:SGD\nimport os\n{bad}", "args": {"x=1, y": bad}}
    return msgspec.structs.replace(
        whole(), name=bad, spec=spec, device=bad, reason=bad, notices=[bad], torch=bad
    )
