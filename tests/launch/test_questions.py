"""A form's questions: answered by the spare worker, and never in the way of a run."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lrtui.catalog.availability import Availability
from lrtui.catalog.infer import Facts
from lrtui.catalog.trust import remember, unagreed
from lrtui.events import Started
from lrtui.launch.process import WorkerProcess
from lrtui.launch.session import Session
from lrtui.protocol import Fetched, Looked, key
from lrtui.spec import Choice, LoaderSpec, RangeSpec, RunSpec
from tests.events import ended, of_kind
from tests.waiting import wait

QUICK = RunSpec(range=RangeSpec(num_iter=5))
LOADER = LoaderSpec(batch_size=16)
DIGITS = Choice("lrtui:digits")
DATA = """
import pathlib, time
from torch.utils.data import TensorDataset
import torch
def data(count: int = 40):
    {body}
    return TensorDataset(torch.zeros(count, 3, 5, 7), torch.arange(count) % 4)
"""


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    session = Session()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LRTUI_HOME", str(tmp_path_factory.mktemp("home")))
        # nothing answers there: a machine without a network
        for name in ("http_proxy", "https_proxy"):
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
    """Data of a user's, who has agreed to it."""
    path = folder / "data.py"
    path.write_text(DATA.format(body=body))
    data = Choice(f"{path}:data")
    remember(unagreed(RunSpec(data=data), ()))
    return data


def look(session: Session, data: Choice) -> Looked:
    session.look(data, LOADER)
    wait(lambda: key(data, LOADER) in session.looked)
    return session.looked[key(data, LOADER)]


def facts(session: Session, data: Choice) -> Facts:
    """The facts of data that can be looked at."""
    looked = look(session, data)
    assert looked.facts is not None, looked.problem
    return looked.facts


def availability(session: Session, data: Choice) -> Availability:
    """The answer to a check."""
    session.check(data)
    wait(lambda: key(data) in session.checked)
    checked = session.checked[key(data)]
    assert checked.availability is not None, checked.problem
    return checked.availability


def fetch(session: Session, data: Choice) -> Fetched:
    """The end of a download."""
    session.fetch(data)
    wait(lambda: isinstance(session.fetching.get(key(data)), Fetched))
    end = session.fetching[key(data)]
    assert isinstance(end, Fetched)
    return end


def spare_of(session: Session) -> WorkerProcess:
    assert session._spare is not None
    return session._spare


def test_a_look_finds_shape_and_classes(shared: Session) -> None:
    looked = look(shared, DIGITS)
    assert looked.facts is not None
    assert looked.facts.inputs == (1, 8, 8)
    assert looked.facts.classes == 10
    assert "16" in looked.words
    assert looked.problem == ""


def test_a_look_at_data_that_is_missing_says_why_in_one_line(shared: Session) -> None:
    looked = look(shared, Choice("lrtui:table", {"path": "gone.csv"}))
    assert looked.facts is None
    assert "gone.csv" in looked.problem
    assert "\n" not in looked.problem


def test_a_check_finds_what_is_there_and_what_could_be_fetched(
    shared: Session, tmp_path: Path
) -> None:
    assert availability(shared, DIGITS).there
    missing = availability(shared, Choice("torchvision:MNIST", {"root": str(tmp_path)}))
    assert not missing.there
    assert missing.can_download
    assert missing.size is not None
    assert missing.size > 1e6
    table = Choice("lrtui:table", {"path": "gone.csv"})
    assert not availability(shared, table).can_download


def test_a_check_looks_again_each_time(shared: Session, tmp_path: Path) -> None:
    data = Choice("lrtui:table", {"path": str(tmp_path / "late.csv")})
    assert not availability(shared, data).there
    (tmp_path / "late.csv").write_text("a,b\n1,2\n")
    assert availability(shared, data).there


@pytest.mark.fashion
def test_after_a_fetch_the_data_is_there(shared: Session, tmp_path: Path) -> None:
    data = Choice("torchvision:FashionMNIST", {"root": str(tmp_path)})
    assert not availability(shared, data).there
    assert fetch(shared, data).problem == ""
    assert availability(shared, data).there


@pytest.mark.parametrize(
    ("root", "words"), [("", "no network"), ("/proc/nowhere", "cannot be put into")]
)
def test_a_fetch_that_fails_says_why_in_one_line(
    shared: Session, tmp_path: Path, root: str, words: str
) -> None:
    data = Choice("torchvision:CIFAR10", {"root": root or str(tmp_path)})
    problem = fetch(shared, data).problem
    assert words in problem
    assert "\n" not in problem


def test_a_spare_that_ran_a_users_data_is_not_handed_to_a_run(
    session: Session, tmp_path: Path
) -> None:
    data = data_file(tmp_path)
    before = spare_of(session).pid
    assert facts(session, data).inputs == (3, 5, 7)
    wait(lambda: session._spare is not None and session._spare.pid != before)


def test_a_hung_look_holds_up_no_run(session: Session, tmp_path: Path) -> None:
    session.look(data_file(tmp_path, "time.sleep(1000)"), LOADER)
    hung = spare_of(session)
    driver = session.driver(QUICK)
    driver.run(QUICK)
    assert driver._process is not hung
    wait(lambda: not driver.busy)
    assert ended(driver.events).status in ("completed", "diverged")
    driver.close()
    driver.join(10)


def test_a_hung_look_is_ended_when_other_data_is_looked_at(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lrtui.launch.session.STUCK_SECONDS", 0.0)
    mark = tmp_path / "hung"
    body = f"pathlib.Path({str(mark)!r}).touch(); time.sleep(1000)"
    session.look(data_file(tmp_path, body), LOADER)
    wait(mark.exists)
    assert facts(session, DIGITS).classes == 10


def test_a_worker_that_dies_over_a_question_is_its_answer_and_the_next_one_serves(
    session: Session, tmp_path: Path
) -> None:
    looked = look(session, data_file(tmp_path, "import os; os._exit(7)"))
    assert "exited with code 7" in looked.problem
    assert session.problem == ""
    assert facts(session, DIGITS).classes == 10


def test_a_run_asked_for_at_once_comes_before_the_questions(tmp_path: Path) -> None:
    session = Session()
    session.start()
    wait(lambda: session._spare is not None)
    spare = spare_of(session)
    session.look(data_file(tmp_path, "time.sleep(1000)"), LOADER)
    driver = session.driver(QUICK)
    driver.run(QUICK)
    assert driver._process is spare
    wait(lambda: not driver.busy)
    assert of_kind(driver.events, Started)
    driver.close()
    session.close()
    driver.join(10)
