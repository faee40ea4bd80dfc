"""The curves of records: as measured, and torch_lr_finder's with their smoothing undone."""

import json

import numpy as np
import pytest

from lrtui.analysis.curve import exponential_average
from lrtui.record import from_events, from_json
from lrtui.runs.curves import curves_of
from tests.sample import run_events


def test_the_smoothing_of_a_history_with_smoothed_losses_only_is_undone() -> None:
    raw = np.array([2.0, 1.9, 1.2, 1.5, 0.3])
    smoothed = exponential_average(raw, 0.05)
    document = {"lr": [1e-5, 1e-4, 1e-3, 1e-2, 1e-1], "loss": smoothed.tolist()}
    record = from_json(json.dumps(document).encode())
    (curve,) = curves_of(record)
    assert curve.raw_loss == pytest.approx(raw)
    assert curve.loss == pytest.approx(smoothed)


def test_measured_raw_losses_are_kept() -> None:
    record = from_events(run_events())
    (curve,) = curves_of(record)
    assert curve.raw_loss[:3].tolist() == record.history.raw_loss[:3]
    assert curve.num_iter == record.spec["range"]["num_iter"]
