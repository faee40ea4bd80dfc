"""Curves out of records: what was measured, and torch_lr_finder's histories with their smoothing undone."""

import json

import numpy as np
import pytest

from lrtui.analysis.curve import exponential_average
from lrtui.record import from_events, from_json
from lrtui.runs.curves import curves_of
from tests.sample import run_events


def test_a_history_with_smoothed_losses_alone_is_judged_by_the_raw_ones() -> None:
    raw = np.array([2.0, 1.9, 1.2, 1.5, 0.3])
    smoothed = exponential_average(raw, 0.05)
    record = from_json(
        json.dumps({"lr": [1e-5, 1e-4, 1e-3, 1e-2, 1e-1], "loss": smoothed.tolist()}).encode()
    )
    (curve,) = curves_of(record)
    assert curve.raw_loss == pytest.approx(raw)
    assert curve.loss == pytest.approx(smoothed)


def test_raw_losses_that_were_measured_are_left_alone() -> None:
    record = from_events(run_events())
    (curve,) = curves_of(record)
    assert curve.raw_loss[:3].tolist() == record.history.raw_loss[:3]
    assert curve.num_iter == record.spec["range"]["num_iter"]
