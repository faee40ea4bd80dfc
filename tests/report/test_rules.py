"""How far the published rules agree, in words."""

from lrtui.report.rules import agreed


def test_rules_within_a_factor_of_three_agree() -> None:
    assert agreed({"a": 1e-3, "b": 2e-1, "c": None, "d": 1e-3}) == "2 of 3 rules near 1.0e-03"
    assert agreed({"a": None}) == "no rule has an answer"
