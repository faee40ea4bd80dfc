"""What a form asks: answered by a warm worker, never in the way of a run."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lrtui.events import Ended, Started
from lrtui.launch.session import Session
from lrtui.protocol import Fetched, key
from lrtui.spec import Choice, LoaderSpec, RangeSpec, RunSpec

QUICK = RunSpec(range=RangeSpec(num_iter=5))
LOADER = LoaderSpec(batch_size=16)
DIGITS = Choice("lrtui:digits")
DATA = """
import time
from torch.utils.data import TensorDataset
import torch
def data(count: int = 40):
    {body}
    return TensorDataset(torch.zeros(count, 3, 5, 7), torch.arange(count) % 4)
"""


def wait(condition, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    session = Session()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LRTUI_HOME", str(tmp_path_factory.mktemp("home")))
        for name in (
            "http_proxy",
            "https_proxy",
        ):  # nothing answers there: a machine without a network
            patch.setenv(name, "http://127.0.0.1:9")
        session.start()
        wait(lambda: session.ready)
        yield session
        session.close()


@pytest.fixture
def session() -> Iterator[Session]:
    session = Session()
    session.start()
    wait(lambda: session.ready)
    yield session
    session.close()


def data_file(folder: Path, body: str = "pass") -> Choice:
    path = folder / "data.py"
    path.write_text(DATA.format(body=body))
    return Choice(f"{path}:data")


def look(session: Session, data: Choice):
    session.look(data, LOADER)
    wait(lambda: key(data, LOADER) in session.looked)
    return session.looked[key(data, LOADER)]


def check(session: Session, data: Choice):
    session.check(data)
    wait(lambda: key(data) in session.checked)
    return session.checked[key(data)]


def test_a_look_tells_shape_and_classes(shared: Session) -> None:
    found = look(shared, DIGITS)
    assert found.facts.inputs == (1, 8, 8)
    assert found.facts.classes == 10
    assert "16" in found.words
    assert found.problem == ""


def test_a_look_at_what_cannot_be_had_says_why_in_one_line(shared: Session) -> None:
    found = look(shared, Choice("lrtui:table", {"path": "gone.csv"}))
    assert found.facts is None
    assert "gone.csv" in found.problem
    assert "\n" not in found.problem


def test_a_check_tells_what_is_there_and_what_could_be_fetched(
    shared: Session, tmp_path: Path
) -> None:
    assert check(shared, DIGITS).availability.there
    missing = check(shared, Choice("torchvision:MNIST", {"root": str(tmp_path)})).availability
    assert not missing.there
    assert missing.can_download
    assert missing.size > 1e6
    assert not check(shared, Choice("lrtui:table", {"path": "gone.csv"})).availability.can_download


def test_a_check_looks_again_each_time(shared: Session, tmp_path: Path) -> None:
    data = Choice("lrtui:table", {"path": str(tmp_path / "late.csv")})
    assert not check(shared, data).availability.there
    (tmp_path / "late.csv").write_text("a,b\n1,2\n")
    assert check(shared, data).availability.there


@pytest.mark.fashion
def test_a_fetch_tells_its_end_and_the_data_is_there_then(shared: Session, tmp_path: Path) -> None:
    data = Choice("torchvision:FashionMNIST", {"root": str(tmp_path)})
    assert not check(shared, data).availability.there
    shared.fetch(data)
    wait(lambda: isinstance(shared.fetching.get(key(data)), Fetched))
    assert shared.fetching[key(data)].problem == ""
    assert check(shared, data).availability.there


@pytest.mark.parametrize(
    ("root", "words"), [("", "no network"), ("/proc/nowhere", "cannot be put into")]
)
def test_a_fetch_that_cannot_be_is_one_clear_line(
    shared: Session, tmp_path: Path, root: str, words: str
) -> None:
    data = Choice("torchvision:CIFAR10", {"root": root or str(tmp_path)})
    shared.fetch(data)
    wait(lambda: isinstance(shared.fetching.get(key(data)), Fetched))
    assert words in shared.fetching[key(data)].problem
    assert "\n" not in shared.fetching[key(data)].problem


def test_a_spare_that_ran_a_users_data_is_not_handed_to_a_run(
    session: Session, tmp_path: Path
) -> None:
    data = data_file(tmp_path)
    before = session._spare.pid
    assert look(session, data).facts.inputs == (3, 5, 7)
    wait(lambda: session._spare is not None and session._spare.pid != before)


def test_a_hung_look_holds_up_no_run(session: Session, tmp_path: Path) -> None:
    session.look(data_file(tmp_path, "time.sleep(1000)"), LOADER)
    hung = session._spare
    driver = session.driver(QUICK)
    driver.run(QUICK)
    assert driver._process is not hung
    wait(lambda: not driver.busy)
    assert isinstance(driver.events[-1], Ended)
    assert driver.events[-1].status in ("completed", "diverged")
    driver.close()
    driver.join(10)


def test_a_look_that_nobody_waits_for_any_more_is_called_off(
    session: Session, tmp_path: Path
) -> None:
    session.look(data_file(tmp_path, "time.sleep(1000)"), LOADER)
    time.sleep(1.2)  # longer than an answer may take before it counts as stuck
    assert look(session, DIGITS).facts.classes == 10


def test_a_worker_that_dies_over_a_question_answers_it_so_and_the_next_one_serves(
    session: Session, tmp_path: Path
) -> None:
    found = look(session, data_file(tmp_path, "import os; os._exit(7)"))
    assert "exited with code 7" in found.problem
    assert session.problem == ""
    assert look(session, DIGITS).facts.classes == 10


def test_a_run_asked_for_at_once_comes_before_the_questions(tmp_path: Path) -> None:
    session = Session()
    session.start()
    wait(lambda: session._spare is not None)
    spare = session._spare
    session.look(data_file(tmp_path, "time.sleep(1000)"), LOADER)
    driver = session.driver(QUICK)
    driver.run(QUICK)
    assert driver._process is spare
    wait(lambda: not driver.busy)
    assert any(isinstance(event, Started) for event in driver.events)
    driver.close()
    session.close()
    driver.join(10)
