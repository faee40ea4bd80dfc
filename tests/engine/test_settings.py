"""Settings as keyword arguments: each has a type, and a misspelt name is reported."""

from dataclasses import fields
from typing import Any, get_type_hints

import pytest
from torch import nn, optim

from lrtui import LRFinder
from lrtui.engine.confirm.trial_setup import TrialSettings
from lrtui.engine.settings import Beyond, Given, Settings


def test_every_setting_is_a_typed_keyword_argument() -> None:
    ours = {one.name: get_type_hints(Settings)[one.name] for one in fields(Settings)}
    assert get_type_hints(Given) == ours
    assert get_type_hints(Beyond).items() < ours.items()
    assert get_type_hints(TrialSettings).items() < ours.items()


@pytest.mark.parametrize(
    ("wrong", "hint"), [("repeat", "did you mean `repeats`?"), ("zoom", "it has start_lr, end_lr")]
)
def test_an_unknown_setting_is_reported_before_anything_changes(wrong: str, hint: str) -> None:
    settings: dict[str, Any] = {wrong: 3}
    model = nn.Linear(2, 1)
    finder = LRFinder(model, optim.SGD(model.parameters(), lr=1.0), nn.MSELoss())
    with pytest.raises(TypeError, match=f"no setting `{wrong}`") as raised:
        finder.range_test([], **settings)
    assert hint in str(raised.value)
    assert finder.status == ""
