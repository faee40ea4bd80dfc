"""The settings of a range test: typed keyword arguments, checked against their declarations."""

import inspect
from dataclasses import fields
from typing import Any, get_type_hints

import pytest
from torch import nn, optim

from lrtui import LRFinder
from lrtui.engine.race.trial_setup import TrialSettings
from lrtui.engine.settings import Beyond, Given, Settings
from lrtui.settings import declarations
from lrtui.spec import RangeSpec


def test_every_setting_is_a_typed_keyword_argument() -> None:
    types = get_type_hints(Settings, include_extras=True)
    assert get_type_hints(Given, include_extras=True) == types
    assert get_type_hints(Beyond, include_extras=True).items() < types.items()
    assert get_type_hints(TrialSettings).items() < get_type_hints(Settings).items()


def test_range_test_has_the_names_and_defaults_of_torch_lr_finder() -> None:
    parameters = inspect.signature(LRFinder.range_test).parameters
    own = get_type_hints(Given).keys() - get_type_hints(Beyond).keys()
    assert own < parameters.keys()
    for name in own:
        assert parameters[name].default == getattr(Settings(), name)


def test_the_spec_and_the_engine_share_the_declarations_of_their_settings() -> None:
    engine = declarations(Settings)
    shared = declarations(RangeSpec).keys() & engine.keys()
    assert len(shared) == 15
    # torch_lr_finder takes any diverge_th, and a rate for each parameter group
    for name in shared - {"diverge_th", "start_lr", "end_lr"}:
        own = declarations(RangeSpec)[name]
        assert (own.kind, own.help) == (engine[name].kind, engine[name].help)
        assert own.limits == engine[name].limits
        assert own.choices == engine[name].choices


@pytest.mark.parametrize("field", fields(Settings), ids=lambda field: str(field.name))
def test_every_setting_says_what_it_is(field: Any) -> None:
    assert declarations(Settings)[field.name].help


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"repeats": 0}, "`repeats` must be at least 1, got 0"),
        ({"warmup": -1}, "`warmup` must not be negative, got -1"),
        ({"max_seconds": float("nan")}, "`max_seconds` must not be negative, got nan"),
        ({"clip_grad_norm": "1"}, "`clip_grad_norm` must be a number, got '1'"),
        ({"metric": 3}, "`metric` must be a function, or None, got 3"),
        ({"metric_mode": "up"}, r"expected one of \(max, min\), got up"),
        ({"step_mode": 3}, "`step_mode` must be text, got 3"),
    ],
)
def test_a_value_outside_its_declaration_is_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Settings(**wrong)


@pytest.mark.parametrize(
    ("wrong", "hint"), [("repeat", "did you mean `repeats`?"), ("zoom", "it has start_lr, end_lr")]
)
def test_an_unknown_setting_is_refused_before_anything_is_touched(wrong: str, hint: str) -> None:
    model = nn.Linear(2, 1)
    finder = LRFinder(model, optim.SGD(model.parameters(), lr=1.0), nn.MSELoss())
    settings: dict[str, Any] = {wrong: 3}
    with pytest.raises(TypeError, match=f"no setting `{wrong}`") as caught:
        finder.range_test([], **settings)
    assert hint in str(caught.value)
    assert finder.status == ""
