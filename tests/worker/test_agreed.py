"""A real worker runs what is installed or agreed to, checked as it is imported; nothing else."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from lrtui.catalog.trust import Item, remember, unagreed
from lrtui.launch.session import Session
from lrtui.protocol import key, look_key
from lrtui.spec import Choice, LoaderSpec, RunSpec
from lrtui.specfields import with_values
from tests.slowly import rows_slow_after
from tests.user_modules import HEAD, NET
from tests.waiting import wait
from tests.worker.driving import QUICK, run, with_model

# what a worker must not run leaves a file behind
MARK = "open({!r}, 'w').close()\n"


@pytest.fixture
def session() -> Iterator[Session]:
    session = Session()
    yield session
    session.close()


def write_net(path: Path, before: str = "") -> RunSpec:
    path.write_text(HEAD + before + NET.format(body="pass"))
    return with_model(f"{path}:Net")


def agree(spec: RunSpec) -> list[Item]:
    asked = unagreed(spec, ())
    remember(asked)
    return asked


def failure(session: Session, spec: RunSpec) -> str:
    """Why a run failed; "" where it did not."""
    driver = session.driver(spec)
    end = run(driver, spec)
    driver.close()
    driver.join(10)
    return end.reason if end.status == "failed" else ""


def test_a_file_that_changed_after_the_question_is_not_run(
    session: Session, tmp_path: Path
) -> None:
    path, ran = tmp_path / "net_of_mine.py", tmp_path / "ran"
    spec = write_net(path)
    asked = unagreed(spec, ())
    write_net(path, MARK.format(str(ran)))  # while the question is open
    remember(asked)
    assert "net_of_mine.py is new, or has changed" in failure(session, spec)
    assert [item.name for item in session.refused.values()] == [str(path)]
    assert not ran.exists()
    write_net(path)
    assert failure(session, spec) == ""


def test_a_changed_file_is_not_run_whatever_bytecode_lies_beside_it(
    session: Session, tmp_path: Path
) -> None:
    import importlib.util
    import py_compile

    path, ran = tmp_path / "net_of_mine.py", tmp_path / "ran"
    write_net(path, MARK.format(str(ran)))
    cached = importlib.util.cache_from_source(str(path))
    unchecked = py_compile.PycInvalidationMode.UNCHECKED_HASH
    py_compile.compile(str(path), cached, invalidation_mode=unchecked)
    spec = write_net(path)
    agree(spec)
    assert failure(session, spec) == ""
    assert not ran.exists()


@pytest.mark.parametrize(
    "load",
    [
        "import helper_of_mine\n",
        "import importlib\nimportlib.import_module('helper_' + 'of_mine')\n",
    ],
    ids=["named", "hidden from parsing"],
)
@pytest.mark.slow
def test_a_file_beside_it_is_not_run_once_it_has_changed(
    session: Session, tmp_path: Path, load: str
) -> None:
    helper, ran = tmp_path / "helper_of_mine.py", tmp_path / "ran"
    helper.write_text("")
    spec = write_net(tmp_path / "net_of_mine.py", load)
    agree(spec)
    helper.write_text(MARK.format(str(ran)))
    assert "helper_of_mine.py is new, or has changed" in failure(session, spec)
    assert not ran.exists()
    remember(list(session.refused.values()))  # as the app does when it has asked
    assert failure(session, spec) == ""
    assert ran.exists()


@pytest.mark.slow
def test_a_module_in_the_working_directory_never_stands_in_for_an_installed_one(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("cProfile", "shlex", "sympy", "triton", "torchvision", "timm", "click", "msgspec")
    for name in names:
        (tmp_path / f"{name}.py").write_text(MARK.format(str(tmp_path / f"ran-{name}")))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["", os.environ.get("PYTHONPATH", "")]))
    imports = "import shlex, cProfile, sympy, importlib.metadata\n"
    uses = "assert importlib.metadata.version('torch')\n"
    own = write_net(tmp_path / "net_of_mine.py", imports + uses)
    remember(unagreed(own, ())[:1])
    for spec in (QUICK, own):
        assert failure(session, spec) == ""
    missing = with_model("timm:resnet18")
    assert "timm is not installed" in failure(session, missing)
    assert list(tmp_path.glob("ran-*")) == []
    assert session.refused == {}


@pytest.mark.parametrize(
    ("role", "target", "args"),
    rows_slow_after(
        3,
        [
            ("data", "torch:os.system", {"command": "touch ran"}),
            ("data", "torch.hub:load", {"repo_or_dir": "a/b", "model": "c"}),
            ("data", "lrtui.launch.machine:subprocess.check_output", {"args": "./touch"}),
            ("model", "torchvision.datasets:utils.os.system", {"command": "touch ran"}),
            ("data", "torch.optim:Adam", {}),
            ("data", "torchvision.datasets:LSUN", {"root": "."}),
            ("data", "torchvision.datasets.lsun:LSUNClass", {"root": "."}),
            ("metric", "torchvision.datasets:wrap_dataset_for_transforms_v2", {}),
            ("loss", "torch.nn:Linear", {"in_features": 1, "out_features": 1}),
            ("data", "torchvision:CocoDetection", {"annFile": "x"}),
        ],
    ),
)
def test_what_a_library_does_not_list_for_a_role_is_not_called(
    session: Session,
    role: str,
    target: str,
    args: dict[str, object],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    spec = with_values(QUICK, {role: Choice(target, args)})
    assert "is not agreed to" in failure(session, spec)
    assert [item.name for item in session.refused.values()] == [target]
    assert not (tmp_path / "ran").exists()


def test_a_look_at_data_runs_nothing_that_is_not_agreed_to(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    data = Choice("torch:os.system", {"command": "touch ran"})
    session.check(data)
    session.look(data, LoaderSpec())
    wait(lambda: key(data) in session.checked and len(session.looked) == 1)
    (looked,) = session.looked.values()
    assert "is not agreed to" in looked.problem
    assert look_key(looked) in session.looked
    assert not (tmp_path / "ran").exists()
