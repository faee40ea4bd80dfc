"""What a person has agreed to: files by content and place with what they import, calls by args."""

from pathlib import Path

import pytest

from lrtui import paths
from lrtui.catalog.targets import is_listing
from lrtui.catalog.trust import ANY_FILE, ANYTHING, look_item, remember, remembered, unagreed
from lrtui.spec import Choice, RunSpec
from lrtui.specfields import with_values
from tests.user_files import WriteFile

NET = "from helper import WIDTH\nclass Net: ...\n"


def asked(target: str, role: str = "model", **args: object) -> list[str]:
    """What a run with this target is asked about, by the ends of their names."""
    spec = with_values(RunSpec(), {role: Choice(target, args)})
    return [Path(item.name).name for item in unagreed(spec, remembered())]


def agree(target: str, role: str = "model", **args: object) -> None:
    remember(unagreed(with_values(RunSpec(), {role: Choice(target, args)}), ()))


def test_a_file_is_agreed_to_with_what_it_imports_and_asked_about_after_a_change(
    user_file: WriteFile,
) -> None:
    path = user_file(NET)
    helper = user_file("from pack.deep import WIDTH", "helper.py")
    user_file("", "pack/__init__.py")
    deep = user_file("WIDTH = 3", "pack/deep.py")
    target = f"{path}:Net"
    assert sorted(asked(target)) == sorted([path.name, "helper.py", "__init__.py", "deep.py"])
    agree(target)
    assert asked(target) == []
    deep.write_text("WIDTH = 4")
    assert asked(target) == ["deep.py"]
    helper.write_text("WIDTH = 5")
    assert asked(target) == ["helper.py"]


@pytest.mark.parametrize(
    "text",
    [
        "def f():\n    import helper\nclass Net: ...",
        "import importlib\nhelper = importlib.import_module('helper')\nclass Net: ...",
        "try:\n    from helper import *\nexcept ImportError: pass\nclass Net: ...",
    ],
)
def test_every_way_to_import_a_file_beside_it_is_seen(user_file: WriteFile, text: str) -> None:
    path = user_file(text)
    user_file("x = 1", "helper.py")
    assert asked(f"{path}:Net") == [path.name, "helper.py"]


def test_a_file_of_a_package_brings_its_packages(user_file: WriteFile) -> None:
    user_file("", "parcel/__init__.py")
    user_file("WIDTH = 8", "parcel/sizes.py")
    path = user_file("from .sizes import WIDTH\nclass Net: ...", "parcel/net.py")
    assert sorted(asked(f"{path}:Net")) == ["__init__.py", "net.py", "sizes.py"]


def test_the_same_content_in_another_folder_is_asked_about(user_file: WriteFile) -> None:
    agree(f"{user_file(NET, 'a/net.py')}:Net")
    other = user_file(NET, "b/net.py")
    user_file("WIDTH = 666", "b/helper.py")
    assert sorted(asked(f"{other}:Net")) == ["helper.py", "net.py"]


def test_a_module_that_is_a_link_out_of_the_folder_is_asked_about(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere, here = tmp_path / "elsewhere", tmp_path / "here"
    elsewhere.mkdir()
    here.mkdir()
    (elsewhere / "real.py").write_text("class Net: ...")
    (here / "linked_net.py").symlink_to(elsewhere / "real.py")
    monkeypatch.chdir(here)
    for target in ("linked_net:Net", "linked_net.py:Net"):
        assert asked(target) == ["real.py"]


@pytest.mark.parametrize(
    ("target", "args"),
    [
        ("torch:os.system", {"command": "true"}),
        ("torch:load", {"f": "x.pt", "weights_only": False}),
        ("torch.hub:load", {}),
        ("torch._inductor:compile", {}),
        ("torch.optim.sgd:os.system", {}),
        ("lrtui.launch.machine:subprocess.check_output", {"args": "true"}),
        ("torchvision.datasets:utils.os.system", {"command": "true"}),
        ("subprocess:Popen", {"args": "true"}),
        ("builtins:eval", {}),
        ("timm:resnet18", {"checkpoint_path": "x.pt"}),
    ],
)
def test_what_no_library_lists_is_asked_about_with_its_arguments(
    target: str, args: dict[str, object]
) -> None:
    assert asked(target, "data", **args) == [target]
    agree(target, "data", **args)
    assert asked(target, "data", **args) == []
    assert asked(target, "data", **{**args, "other": 1}) == [target]


@pytest.mark.parametrize(
    "what",
    ["os.system", "system", "alias", "Net.forward.__globals__", "join", "__loader__.set_data"],
)
def test_a_name_that_a_file_only_imports_is_asked_about_beside_the_file(
    user_file: WriteFile, what: str
) -> None:
    text = "import os\nfrom os import system\nfrom os.path import *\nalias = os.system\n"
    text += "class Net:\n    def forward(): ..."
    path = user_file(text)
    agree(f"{path}:Net")
    assert asked(f"{path}:Net") == []
    target = f"{path}:{what}"
    assert asked(target) == [Path(target).name]


def test_what_a_file_makes_or_takes_from_a_file_beside_it_is_its_own(user_file: WriteFile) -> None:
    path = user_file("from deeper import Net\nmake = partial(Net)\nclass A:\n    def small(): ...")
    user_file("class Net: ...", "deeper.py")
    for what in ("Net", "make", "A.small"):
        assert asked(f"{path}:{what}") == [path.name, "deeper.py"]


def test_a_name_that_a_file_does_not_have_is_left_to_the_run(user_file: WriteFile) -> None:
    for number, text in enumerate(["def Other(): ...", "not python"]):
        path = user_file(text, f"file{number}.py")
        assert asked(f"{path}:Net") == [path.name]


def test_files_that_import_each_other_end(user_file: WriteFile) -> None:
    path = user_file("from second import Net", "first.py")
    user_file("from first import Net", "second.py")
    assert asked(f"{path}:Net") == ["first.py", "second.py", "first.py:Net"]


def test_a_class_of_an_installed_package_is_asked_about_once_for_all_arguments() -> None:
    target = "prodigyopt:Prodigy"
    assert asked(target, "optimizer", weight_decay=0.1) == [target]
    agree(target, "optimizer", weight_decay=0.1)
    assert asked(target, "optimizer", weight_decay=0.2) == []


def test_sample_models_and_listings_are_not_asked_about() -> None:
    assert unagreed(RunSpec(), ()) == []
    assert asked(f"{paths.sample_models()}/cnn.py:SmallCNN") == []
    assert is_listing("torchvision.models.segmentation")
    assert not is_listing("torch")
    assert not is_listing("torch.optim._functional")


def test_a_look_agrees_to_no_call() -> None:
    data = Choice("torch:load", {"f": "x.pt"})
    remember([look_item(data)])
    assert asked(data.target, "data", **data.args) == ["torch:load"]


def test_agreements_that_cover_many(user_file: WriteFile) -> None:
    spec = RunSpec(model=Choice(f"{user_file(NET)}:Net"), data=Choice("torch:load"))
    assert [item.kind for item in unagreed(spec, {ANY_FILE})] == ["call"]
    assert unagreed(spec, {ANYTHING}) == []


def test_agreements_are_kept_from_others_and_never_written_through_a_link(
    home: Path, user_file: WriteFile, tmp_path: Path
) -> None:
    target = f"{user_file(NET)}:Net"
    agree(target)
    (store,) = paths.data().glob("trusted")
    assert store.stat().st_mode & 0o777 == 0o600
    store.unlink()
    store.symlink_to(tmp_path / "victim")
    with pytest.raises(OSError, match="symbolic link"):
        agree(target)
    assert not (tmp_path / "victim").exists()
