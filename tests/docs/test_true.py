"""What the documentation lists is what the program has: keys, extras, versions, refusals."""

import re
import tomllib
from pathlib import Path
from typing import get_args

import pytest

import lrtui
from lrtui.analysis.answer import ConfirmVerdict, Verdict
from lrtui.commands.help import text_of
from lrtui.spec import Precision
from lrtui.tui import keys
from tests.docs.blocks import ROOT, TOPICS

_NAMES = {
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "left_curly_bracket": "{",
    "right_curly_bracket": "}",
    "comma": ",",
    "full_stop": ".",
    "question_mark": "?",
    "slash": "/",
    "plus": "+",
    "left": "←",
    "right": "→",
    "enter": "⏎",
    "escape": "esc",
}


def bound() -> set[str]:
    """Every key of every screen, as the documentation writes it."""
    found = set()
    for table in (*keys.SCREENS, keys.EVERYWHERE):
        for binding in table:
            assert not isinstance(binding, tuple)
            found |= {_NAMES.get(key, key) for key in binding.key.split(",")}
    return found


@pytest.mark.parametrize("document", [ROOT / "README.md", TOPICS / "app.md"], ids=lambda p: p.stem)
def test_the_keys_in_its_tables_are_bound(document: Path) -> None:
    text = document.read_text("utf-8")
    tables = [table for table in text.split("\n\n") if not table.startswith("| `pip install")]
    rows = re.findall(r"^\| (`.+?) \| ", "\n\n".join(tables), re.MULTILINE)
    named = {key for row in rows for key in re.findall(r"`([^`]+)`", row)}
    assert len(named) > 25
    assert named <= bound()


def test_every_refusal_of_the_test_and_every_verdict_of_a_race_is_explained() -> None:
    text = text_of("refusals")
    for verdict in set(get_args(Verdict)) - {"ok"}:
        assert f"\n### `{verdict}`\n" in text, verdict
    for verdict in get_args(ConfirmVerdict):
        assert f"`{verdict}`" in text, verdict


def test_every_precision_is_explained() -> None:
    assert all(f"`{name}`" in text_of("precision") for name in get_args(Precision))


def test_the_changelog_is_about_this_version() -> None:
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    sections = re.findall(r"^## \[(.+?)\]", text, re.MULTILINE)
    assert sections[0] == "Unreleased"
    assert lrtui.__version__ in text
    allowed = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    assert set(re.findall(r"^### (.+)$", text, re.MULTILINE)) <= allowed


def test_the_files_of_the_documentation_are_in_the_packages() -> None:
    build = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    assert "lrtui" in build["targets"]["wheel"]["packages"]
    assert {"README.md", "CHANGELOG.md"} <= set(build["targets"]["sdist"]["include"])
