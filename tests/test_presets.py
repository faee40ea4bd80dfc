"""Presets on disk: names and paths, overwriting, recent specs."""

import os
from pathlib import Path

import pytest

from lrtui import paths, presets
from lrtui.spec import Choice, PlanSpec, RunSpec
from lrtui.specfile import read


def with_seed(seed: int) -> RunSpec:
    return RunSpec(seed=seed, model=Choice("sample_models/mlp.py:MLP", {"hidden": 32}))


def test_a_name_goes_into_the_presets_folder_and_a_path_is_a_path(tmp_path: Path) -> None:
    assert presets.preset_path("mine") == paths.specs() / "mine.toml"
    assert presets.preset_path("v1.2") == paths.specs() / "v1.2.toml"
    assert presets.preset_path(f"{tmp_path}/mine") == tmp_path / "mine.toml"
    assert presets.preset_path("mine.toml") == Path("mine.toml")


def test_a_saved_spec_reads_back_equal(tmp_path: Path) -> None:
    presets.save(with_seed(5), tmp_path / "a.toml", overwrite=False)
    assert read(tmp_path / "a.toml") == with_seed(5)
    assert [path.name for path in tmp_path.glob(".*")] == []


def test_a_file_is_overwritten_only_on_request(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("precious")
    with pytest.raises(FileExistsError):
        presets.save(with_seed(5), tmp_path / "a.toml", overwrite=False)
    assert (tmp_path / "a.toml").read_text() == "precious"
    presets.save(with_seed(5), tmp_path / "a.toml", overwrite=True)
    assert read(tmp_path / "a.toml").seed == 5


def test_recent_presets_come_first_newest_first_without_duplicates(tmp_path: Path) -> None:
    presets.save(with_seed(9), presets.preset_path("saved"), overwrite=False)
    (tmp_path / "here.toml").write_text("seed = 1\n")
    for age, seed in ((300, 1), (200, 2), (100, 3), (0, 1)):
        presets.remember(with_seed(seed))
        newest = max(
            (paths.specs() / "recent").glob("*.toml"), key=lambda path: path.stat().st_mtime_ns
        )
        stamp = newest.stat().st_mtime - age
        os.utime(newest, (stamp, stamp))
    listed = presets.presets(tmp_path)
    assert [read(preset.path).seed for preset in listed if preset.recent] == [1, 3, 2]
    assert [preset.name for preset in listed if not preset.recent] == ["saved", "here.toml"]
    assert "hidden=32" in listed[0].name


@pytest.mark.parametrize(
    ("plan", "end"),
    [
        (PlanSpec(), "batch 64"),
        (PlanSpec(schedule="cosine"), "· cosine"),
        (PlanSpec(schedule="one-cycle", epochs=3), "· one-cycle, 3 epochs"),
        (PlanSpec(steps=3000), "· constant, 3000 steps"),
    ],
)
def test_the_title_of_a_recent_spec_has_its_plan(plan: PlanSpec, end: str, tmp_path: Path) -> None:
    presets.remember(RunSpec(plan=plan))
    (preset,) = presets.presets(tmp_path)
    assert preset.name.endswith(end)


def test_only_the_last_twenty_recent_specs_are_kept(tmp_path: Path) -> None:
    for seed in range(30):
        presets.remember(with_seed(seed))
    assert len(presets.presets(tmp_path)) == 20


def test_a_preset_is_found_by_its_name_and_a_file_here_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    presets.save(with_seed(1), presets.preset_path("mine"), overwrite=False)
    assert presets.find(Path("mine.toml")) == paths.specs() / "mine.toml"
    (tmp_path / "mine.toml").write_text("seed = 2\n")
    assert presets.find(Path("mine.toml")) == Path("mine.toml")
