"""A spec's range as settings of the engine, and back."""

from typing import Any

import msgspec
import numpy as np
import pytest

from lrtui.analysis.plan import LEAST
from lrtui.engine.settings import Settings
from lrtui.range_settings import engine_settings, range_spec
from lrtui.settings import declarations
from lrtui.spec import RangeSpec

OTHERS = RangeSpec(
    start_lr=1e-6,
    end_lr=2.0,
    num_iter=7,
    mode="linear",
    smooth_f=0.5,
    diverge_th=3.0,
    accumulation_steps=2,
    iterations_per_lr=3,
    warmup=4,
    val=True,
    val_batches=5,
    repeats=3,
    vary="init",
    max_seconds=60.0,
    clip_grad_norm=1.5,
    metric_mode="min",
    create_graph=True,
)


def test_every_setting_of_a_range_differs_from_its_default_here() -> None:
    for name, default in msgspec.structs.asdict(RangeSpec()).items():
        assert getattr(OTHERS, name) != default


@pytest.mark.parametrize("test", [RangeSpec(), OTHERS])
def test_a_range_survives_the_way_to_the_engine_and_back(test: RangeSpec) -> None:
    settings = Settings(**engine_settings(test, None, None))
    assert range_spec(settings, test.start_lr, test.end_lr, val=test.val) == test


def test_the_default_is_long_enough_for_an_answer_and_the_help_says_what_is_not() -> None:
    declared = declarations(RangeSpec)["num_iter"]
    assert RangeSpec().num_iter >= LEAST
    assert f"fewer than {LEAST} give no answer" in declared.help


def test_the_engine_gets_its_own_names_and_values() -> None:
    def metric(output: Any, target: Any) -> float:
        return 0.0

    settings = engine_settings(RangeSpec(), metric, None)
    assert settings["step_mode"] == "exp"
    assert settings["max_seconds"] is None  # 0 would stop the engine at once
    assert settings["clip_grad_norm"] is None
    assert settings["keep_ratios"]
    assert settings["metric"] is metric


def test_numbers_of_numpy_become_plain() -> None:
    settings = Settings(num_iter=np.int64(9), smooth_f=np.float32(0.5))  # type: ignore[arg-type]
    test = range_spec(settings, 1e-5, 1.0, val=False)
    assert msgspec.json.decode(msgspec.json.encode(test))["num_iter"] == 9
