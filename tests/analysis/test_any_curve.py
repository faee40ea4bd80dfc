"""Whatever was measured, the analysis answers, and does so by itself: no fault of its is caught."""

import contextlib
import math

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from lrtui.analysis import analyse as whole
from lrtui.analysis.analyse import Analysis, analyse
from lrtui.analysis.answer import Bounds, Obstacle, Plan, Suggestion
from lrtui.analysis.bounds import bounds
from lrtui.analysis.curve import Curve
from lrtui.analysis.plan import SCHEDULES
from lrtui.analysis.rules import RULES, suggest_all
from lrtui.analysis.suggest import check_rates as check_lrs
from lrtui.analysis.suggest import suggest, suggest_curves
from lrtui.analysis.trend import loss_trend, metric_trend
from lrtui.commands.answer import summary
from lrtui.record import History, RunRecord
from lrtui.report.compare import contender
from lrtui.report.confidence import confidence
from lrtui.report.training import coverage, expectations

from .any_curves import REPEATS

EXP = np.geomspace(1e-7, 10, 400)
STOPPED = Curve(np.geomspace(1e-7, 10, 40_000)[:12], np.linspace(2.3, 2.2, 12), num_iter=40_000)
ZERO = Curve(EXP, np.zeros(400))
# a level of 1e-300 beside noise of 1, so that their ratio has no square
ROUGH = np.abs(np.random.default_rng(1).normal(size=12))
UNEQUAL = Curve(EXP[:12], np.where(np.arange(12) < 3, 1e-300, ROUGH))
HUGE = Curve(EXP, np.where(EXP > 1e-3, 1e308, 1.0))

OBSTACLES = st.sampled_from(
    (
        None,
        Obstacle(verdict="rate_unused", reason="it is"),
        Obstacle(verdict="rate_unused", reason="it is", highest_lr=1e-5),
    )
)
PLANS = st.builds(
    Plan, schedule=st.sampled_from(SCHEDULES), steps=st.sampled_from((0, 1, 300, 10**12))
)
MANY = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def is_rate(number: float | None) -> bool:
    return number is None or (math.isfinite(number) and number > 0)


def check_rates(suggestion: Suggestion, limits: Bounds | None) -> None:
    assert suggestion.verdict != "analysis_failed", suggestion.reason
    assert is_rate(suggestion.lr)
    assert (suggestion.lr is None) == (suggestion.verdict != "ok")
    if suggestion.lr is not None:
        assert suggestion.low is not None
        assert suggestion.high is not None
        assert 0 < suggestion.low <= suggestion.lr <= suggestion.high
    if limits is not None:
        assert 0 < limits.start_lr < limits.end_lr < math.inf


@pytest.mark.filterwarnings("error")
@MANY
@given(repeats=REPEATS, obstacle=OBSTACLES, plan=PLANS)
@example([STOPPED, Curve(EXP, np.linspace(2, 1, 400))], None, Plan())
@example([ZERO], None, Plan())
@example([ZERO, ZERO, STOPPED], None, Plan())
@example([UNEQUAL], None, Plan())
@example([HUGE, HUGE], None, Plan())
def test_every_curve_has_an_answer_or_a_reason(
    repeats: list[Curve], obstacle: Obstacle | None, plan: Plan
) -> None:
    analysis = analyse(repeats, obstacle, plan)
    check_rates(analysis.suggestion, analysis.bounds)
    assert set(analysis.suggestions) == set(RULES)
    assert msgspec.json.decode(msgspec.json.encode(analysis), type=Analysis).bounds == (
        analysis.bounds
    )
    alone = suggest_curves(repeats, plan)
    check_rates(alone, bounds(repeats))


@pytest.mark.filterwarnings("error")
@MANY
@given(repeats=REPEATS, rate=st.floats(1e-12, 10))
@example([STOPPED, Curve(EXP, np.linspace(2, 1, 400))], 1e-3)
def test_every_curve_has_its_trend(repeats: list[Curve], rate: float) -> None:
    with pytest.MonkeyPatch.context() as patch:
        # without the net below it
        patch.setattr(contextlib, "suppress", lambda kind: contextlib.nullcontext())
        for trend in (loss_trend(repeats), metric_trend(repeats)):
            assert len(trend.lr) == len(trend.value)
            trend.at(rate)
            trend.slope(rate)


@pytest.mark.filterwarnings("error")
@MANY
@given(repeats=REPEATS, smooth_f=st.sampled_from((None, 0.05, 1.0)))
def test_the_library_function_answers_or_names_the_argument(
    repeats: list[Curve], smooth_f: float | None
) -> None:
    for curve in repeats:
        try:
            check_lrs(curve.lr)
        except ValueError:
            continue
        check_rates(suggest(curve.lr, curve.raw_loss, smooth_f=smooth_f), None)


@MANY
@given(repeats=REPEATS)
def test_a_rule_that_has_no_answer_raises_nothing(repeats: list[Curve]) -> None:
    for curve in repeats:
        assert set(suggest_all(curve)) == set(RULES)


def history(curve: Curve) -> History:
    """As a record keeps it: None stands for what is not finite."""
    kept = [loss if math.isfinite(loss) else None for loss in curve.raw_loss.tolist()]
    return History(lr=np.abs(np.nan_to_num(curve.lr)).tolist(), loss=kept, raw_loss=kept)


@MANY
@given(repeats=REPEATS, plan=PLANS)
@example([ZERO], Plan())
def test_every_answer_can_be_put_into_words(repeats: list[Curve], plan: Plan) -> None:
    analysis = analyse(repeats, None, plan)
    histories = [history(curve) for curve in repeats]
    record = RunRecord(
        id="01",
        created="",
        status="completed",
        plan=plan,
        history=histories[0] if histories else History(),
        repeats=histories,
        suggestion=analysis.suggestion,
        by_schedule=dict(analysis.by_schedule),
        suggestions=dict(analysis.suggestions),
        bounds=analysis.bounds,
    )
    assert all(line.isprintable() for line in summary(record, "", rules=True))
    confidence(record.suggestion, record.measured)
    contender(record, "A", None)
    list(coverage(analysis.suggestion))
    list(expectations(analysis.suggestion))


def test_a_fault_of_ours_is_a_refusal_that_says_where(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(curves: object) -> None:
        raise ZeroDivisionError("float division by zero")

    monkeypatch.setattr(whole, "gather_evidence", broken)
    analysis = analyse([ZERO], None, Plan(schedule="cosine", steps=70))
    suggestion = analysis.suggestion
    assert (suggestion.verdict, suggestion.lr, suggestion.steps) == ("analysis_failed", None, 70)
    assert "ZeroDivisionError at test_any_curve.py:" in suggestion.reason
    assert analysis.by_schedule == dict.fromkeys(SCHEDULES)
