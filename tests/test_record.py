import json
import math
import sys
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrtui.analysis.answer import ANY_PLAN, Calibration
from lrtui.events import (
    Ended,
    Event,
    Extended,
    FailurePlace,
    Machine,
    Measured,
    Racing,
    Step,
    decode,
    encode,
    nonfinite_kind,
)
from lrtui.protocol import decode_message
from lrtui.record import (
    SCHEMA,
    Failure,
    RecordError,
    RunRecord,
    from_events,
    from_json,
    from_json_without_unknown,
    new_id,
    to_json,
)
from lrtui.report.race import corrected, lines
from lrtui.spec import RunSpec
from tests.sample import ENDED, RACE, STARTED, SUGGESTED, TRIAL, run_events, steps

GOLDEN = Path(__file__).parent / "golden" / "run.json"
OLDER = [  # without newer settings, without a plan
    GOLDEN.with_name("run_before_batch.json"),
    GOLDEN.with_name("run_before_plan.json"),
    GOLDEN.with_name("run_before_parameters.json"),
    GOLDEN.with_name("run_before_devices.json"),
    GOLDEN.with_name("run_before_snapshot.json"),
]
NAMED = GOLDEN.with_name("run_with_name.json")
RACED = GOLDEN.with_name("run_with_race.json")
CALIBRATED = GOLDEN.with_name("run_with_calibration.json")
ADVISED = GOLDEN.with_name("run_with_advice.json")
FAILED = GOLDEN.with_name("run_that_failed.json")
CONFIRMED = GOLDEN.with_name("run_with_confirmation.json")  # before races
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def test_a_record_is_written_like_the_golden_file() -> None:
    assert to_json(from_events(run_events())).decode() == GOLDEN.read_text()


def test_a_race_is_written_like_the_golden_file() -> None:
    raced = from_events([*run_events(), Measured(TRIAL), Measured(RACE)])
    assert to_json(raced).decode() == RACED.read_text()


def test_a_failure_is_written_like_the_golden_file_and_read_back() -> None:
    where = FailurePlace(
        file="/home/me/net.py", line=17, function="forward", source="return self.head(x)"
    )
    end = Ended(
        status="failed",
        reason="the model failed on batch 4: ValueError: why (net.py:17)",
        seconds=1.5,
        phase="model",
        where=where,
        output=["epoch 1", "epoch 2"],
    )
    assert decode(encode(end)) == end
    record = from_events([STARTED, *steps(), end])
    assert to_json(record).decode() == FAILED.read_text()
    failure = Failure(phase="model", where=where, output=["epoch 1", "epoch 2"])
    assert from_json(FAILED.read_bytes()).failure == failure


def test_advice_after_a_failure_is_written_like_the_golden_file_and_read_back() -> None:
    end = Ended(
        status="failed", reason="out of memory", seconds=1.5, phase="device", advice="Set it lower."
    )
    assert decode(encode(end)) == end
    record = from_events([STARTED, *steps(), end])
    assert to_json(record).decode() == ADVISED.read_text()
    failure = Failure(phase="device", advice="Set it lower.")
    assert from_json(ADVISED.read_bytes()).failure == failure


@pytest.mark.parametrize(
    "event",
    [
        Racing(lr=1e-3, round=0, seed=0, done=1, of=2, trials=0, total=9, spent=1, budget=90),
        Machine(kind="cpu", name="CPU", utilisation=99.5, memory_used=1, memory_total=2),
        Extended(end_lr=100.0, num_iter=450, total_steps=450),
        Extended(problem="a test with repeats cannot go on"),
    ],
    ids=lambda event: type(event).__name__,
)
def test_an_event_is_read_back_as_it_was_written(event: Event) -> None:
    assert decode(encode(event)) == event
    assert decode_message(encode(event)) == event


def test_a_run_whose_range_was_extended_has_the_spec_to_run_again() -> None:
    further = Extended(end_lr=100.0, num_iter=450, total_steps=450)
    record = from_events([STARTED, *steps(), SUGGESTED, ENDED, further, *steps(), SUGGESTED, ENDED])
    assert record.run_spec().range.end_lr == 100.0
    assert record.run_spec().range.num_iter == 450
    assert len(record.history.lr) == 2 * len(steps())
    refused = Extended(problem="why")
    assert from_events([*run_events(), refused]) == from_events(run_events())


def test_a_journal_from_before_failures_had_places_is_read() -> None:
    line = b'{"event":"ended","status":"failed","reason":"why","seconds":1.0,"phase":"model"}'
    assert decode(line) == Ended(status="failed", reason="why", seconds=1.0, phase="model")


def test_what_an_answer_rests_on_is_written_like_the_golden_file_and_read_back() -> None:
    suggestion = msgspec.structs.replace(
        SUGGESTED.suggestion,
        schedule="cosine",
        steps=3000,
        coverage=0.93,
        loss_within=1.2,
        cost=400,
        calibration=Calibration(version="2", tasks=30, coverage=0.93),
    )
    answer = msgspec.structs.replace(SUGGESTED, suggestion=suggestion)
    events: list[Event] = [STARTED, *steps(), answer, ENDED]
    assert to_json(from_events(events)).decode() == CALIBRATED.read_text()
    assert from_json(CALIBRATED.read_bytes()).suggestion == suggestion


def test_the_name_that_the_user_gave_is_kept_and_written_only_where_there_is_one() -> None:
    named = msgspec.structs.replace(from_events(run_events()), name="my best run")
    assert to_json(named).decode() == NAMED.read_text()
    assert from_json(NAMED.read_bytes()).name == "my best run"
    assert not from_json(GOLDEN.read_bytes()).name


@pytest.mark.parametrize("path", sorted(GOLDEN.parent.glob("*.json")), ids=lambda path: path.name)
def test_the_quick_reader_reads_what_the_whole_one_reads(path: Path) -> None:
    whole = from_json(path.read_bytes())
    quick = from_json_without_unknown(path.read_bytes())
    assert not quick.unknown
    known = msgspec.structs.asdict(msgspec.structs.replace(whole, unknown={}))
    assert msgspec.structs.asdict(quick) == known


@pytest.mark.parametrize(
    "text",
    [
        b"{",
        b"[]",
        b'{"id": "1", "created": "2"}',
        b'{"schema": "lrtui.run/9", "id": "1", "created": "2"}',
        b'{"schema": "lrtui.run/1", "id": "1", "created": 2}',
        b'{"schema": "lrtui.run/1", "id": "1", "created": "2", "history": {"lr": [1], "loss": []},'
        b'"repeats": [{"lr": [1], "loss": [1, 2]}]}',
        b'{"schema": ' + b"[" * 100_000,
    ],
)
def test_the_quick_reader_refuses_what_the_whole_one_refuses(text: bytes) -> None:
    with pytest.raises(RecordError) as whole:
        from_json(text, "x.json")
    with pytest.raises(RecordError) as quick:
        from_json_without_unknown(text, "x.json")
    assert str(quick.value) == str(whole.value)


def test_the_quick_reader_reads_numbers_that_json_does_not_have_and_foreign_histories() -> None:
    foreign = from_json_without_unknown(b'{"lr": [1e-3, 1e-2], "loss": [1.0, NaN]}')
    assert foreign.history.loss == [1.0, None]


def test_the_answer_after_a_race_and_after_an_older_confirmation() -> None:
    for path, lr in ((RACED, 0.001), (CONFIRMED, 0.006)):
        record = from_json(path.read_bytes())
        suggestion, _ = corrected(record.measured, record.suggestion, record.bounds)
        assert suggestion is not None
        assert suggestion.lr == lr
        assert any("race     " in line for line in lines(record.measured))


@pytest.mark.parametrize("path", [GOLDEN, *OLDER, RACED, CONFIRMED], ids=lambda path: path.name)
def test_a_golden_file_reads_back_as_the_run_that_made_it(path: Path) -> None:
    record = from_json(path.read_bytes())
    assert record.run_spec() == RunSpec()
    assert record.plan == ANY_PLAN
    assert record.suggestion == SUGGESTED.suggestion
    assert (record.status, record.reason) == ("diverged", ENDED.reason)
    assert record.history.lr == [step.lr for step in steps()]


def test_a_number_that_is_not_finite_is_null_and_its_position_is_listed() -> None:
    document = json.loads(to_json(from_events(run_events())))
    assert document["history"]["raw_loss"][3] is None
    assert {"series": "raw_loss", "index": 3, "kind": "nan"} in document["history"]["nonfinite"]


def test_a_run_without_an_end_counts_as_interrupted() -> None:
    record = from_events([STARTED, *steps()])
    assert record.status == "interrupted"
    assert record.seconds == 0.3
    assert len(record.history.lr) == 4


def test_events_without_a_start_are_no_record() -> None:
    with pytest.raises(RecordError, match="never started"):
        from_events(steps())


def test_several_repeats_are_kept_apart_and_the_first_is_the_history() -> None:
    record = from_events([STARTED, *steps(0), *steps(1), ENDED])
    assert len(record.repeats) == 2
    assert record.history == record.repeats[0]
    assert from_events(run_events()).repeats == []


def test_a_skipped_step_is_not_a_point_of_the_curve() -> None:
    skipped = Step(iteration=0, lr=1e-5, raw_loss=2.0, loss=None, skipped=True)
    record = from_events([STARTED, skipped, *steps(), ENDED])
    assert record.history.lr == [step.lr for step in steps()]


unknown_keys = st.text().filter(lambda key: key not in RunRecord.__struct_fields__)


@given(st.dictionaries(unknown_keys, json_values, max_size=3))
def test_unknown_keys_survive_a_load_and_save(extra: dict[str, object]) -> None:
    document = json.loads(GOLDEN.read_text()) | extra
    document["history"] |= {"of a newer version": [1]}
    document["suggestion"] |= {"certainty": 0.5}
    document["history"]["nonfinite"][0] |= {"why": "overflow"}
    again = json.loads(to_json(from_json(json.dumps(document).encode())))
    assert again == document


@given(st.lists(st.tuples(st.floats(1e-9, 10), st.floats()), max_size=20))
def test_any_curve_survives_the_file(points: list[tuple[float, float]]) -> None:
    measured = []
    for i, (lr, loss) in enumerate(points):
        finite = loss if math.isfinite(loss) else None
        kind = nonfinite_kind(loss)
        measured.append(Step(iteration=i, lr=lr, raw_loss=finite, loss=finite, nonfinite=kind))
    text = to_json(from_events([STARTED, *measured, ENDED]))
    json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    history = from_json(text).history
    assert history.lr == [lr for lr, _ in points]
    kinds = {entry.index: entry.kind for entry in history.nonfinite if entry.series == "raw_loss"}
    again = [float(kinds[i]) if loss is None else loss for i, loss in enumerate(history.raw_loss)]
    assert again == pytest.approx([loss for _, loss in points], rel=0, abs=0, nan_ok=True)


def test_a_history_of_torch_lr_finder_opens() -> None:
    record = from_json(b'{"lr": [0.1, 0.2], "loss": [3.0, NaN]}')
    assert record.history.lr == [0.1, 0.2]
    assert record.history.loss == [3.0, None]
    assert record.history.nonfinite[0].kind == "nan"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"[]", "expected a JSON object, got list"),
        (b"{}", "its schema is None"),
        (b'{"schema": "lrtui.run/2"}', "newer lrtui"),
        (b'{"schema": "other/1"}', "no run record"),
        (b'{"lr": [1], "loss": [1, 2]}', "1 learning rates but 2 losses"),
        (b'{"lr": ["a"], "loss": [1]}', "lr"),
        (b'{"schema": "lrtui.run/1", "id": 3}', "$.id"),
        (
            b'{"schema": "lrtui.run/1", "id": "x", "created": "",'
            b' "history": {"lr": [1], "loss": [1, 2]}}',
            "history.loss has 2",
        ),
        (b"[" * 100_000, "not JSON"),
        (b"\xff\xfe", "not JSON"),
    ],
)
def test_a_file_that_is_not_a_record_is_refused_in_one_line(text: bytes, words: str) -> None:
    with pytest.raises(RecordError) as caught:
        from_json(text, "some.json")
    assert words in str(caught.value)
    assert str(caught.value).startswith("some.json: ")
    assert "\n" not in str(caught.value)


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_with_an_error(text: bytes) -> None:
    with pytest.raises(RecordError):
        from_json(b"{" + text)


def test_ids_sort_by_time_and_do_not_repeat() -> None:
    ids = [new_id() for _ in range(1000)]
    assert len(set(ids)) == 1000
    assert {len(run_id) for run_id in ids} == {26}
    times = [run_id[:10] for run_id in ids]
    assert times == sorted(times)


@pytest.mark.parametrize("event", run_events())
def test_every_event_survives_its_json(event: Event) -> None:
    line = encode(event)
    assert line.count(b"\n") == 1
    assert decode(line) == event


def test_the_schema_is_the_published_one() -> None:
    assert SCHEMA == "lrtui.run/1"


def placed(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The path of every number in a document."""
    if isinstance(value, dict):
        return [found for name in value for found in placed(value[name], (*path, name))]
    if isinstance(value, list):
        return [found for place, one in enumerate(value) for found in placed(one, (*path, place))]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return [path] if is_number else []


NUMBERS = placed(json.loads(GOLDEN.read_text()))


@pytest.mark.parametrize("number", ["1e999", "-1e999", "1e400"])
def test_numbers_too_large_for_a_float_are_saved_and_loaded_again_or_refused(number: str) -> None:
    refused = 0
    for path in NUMBERS:
        document = json.loads(GOLDEN.read_text())
        inner = document
        for name in path[:-1]:
            inner = inner[name]
        inner[path[-1]] = "HERE"
        text = json.dumps(document).replace('"HERE"', number).encode()
        try:
            record = from_json_without_unknown(text)
        except RecordError:  # a place in a list, for example
            refused += 1
            continue
        saved = to_json(from_json(text))
        assert to_json(from_json(saved)) == saved, path
        assert from_json(saved).history == record.history
    assert refused < len(NUMBERS) / 2


@pytest.mark.parametrize("digits", [20, 400, 5000])
def test_a_whole_number_that_no_json_can_hold_is_refused_in_a_line(digits: int) -> None:
    spec = b'{"range": {"num_iter": ' + b"9" * digits + b"}}"
    text = b'{"schema": "lrtui.run/1", "id": "1", "created": "", "spec": ' + spec + b"}"
    with pytest.raises(RecordError) as refused:
        from_json(text, "r.json")
    assert len(str(refused.value).splitlines()) == 1


def test_a_rate_too_large_for_a_float_is_the_largest() -> None:
    text = b'{"schema": "lrtui.run/1", "id": "1", "created": "", "history": {"lr": [1e-3, 1e999]}}'
    loaded = from_json(text)
    assert loaded.history.lr == [1e-3, sys.float_info.max]
    assert from_json(to_json(loaded)).history == loaded.history


def test_results_of_a_newer_version_keep_their_places_and_their_keys() -> None:
    raced = from_events([*run_events(), Measured(TRIAL), Measured(RACE)])
    document = json.loads(to_json(raced))
    newer = {"name": "of 2031", "lr": 0.5, "also": {"new": 1}}
    document["measured"].insert(1, newer)
    text = json.dumps(document).encode()
    again = json.loads(to_json(from_json(text)))
    assert again["measured"] == document["measured"]
