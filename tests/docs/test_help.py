"""`lrtui help`: topics, the index, and what a terminal gets."""

import re
from pathlib import Path

import pytest

from lrtui.cli import lrtui
from lrtui.commands.help import complete_topics, drawn, list_topics, text_of, topics
from tests.commands.invoking import invoke
from tests.docs.blocks import ROOT, TOPICS
from tests.terminal.terminal import Terminal, lrtui_argv


def test_every_file_is_a_topic_of_the_index_and_every_link_leads_somewhere() -> None:
    files = {path.stem for path in TOPICS.glob("*.md")} - {"README"}
    assert set(topics()) == files
    for document in (ROOT / "README.md", *TOPICS.glob("*.md")):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", document.read_text("utf-8")):
            assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_the_readme_names_every_topic() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    for name in topics():
        assert f"(lrtui/docs/{name}.md)" in readme, name


def test_topics_are_listed_and_printed_as_markdown_where_nobody_looks() -> None:
    listed = invoke("help").stdout
    for name, about in topics().items():
        assert re.search(rf"^lrtui help {name} +{re.escape(about)}$", listed, re.MULTILINE)
    assert invoke("help", "curve").stdout == text_of("curve")


def test_the_flags_of_a_command_are_help_too_and_a_wrong_topic_is_a_usage_error() -> None:
    assert invoke("help", "run").stdout == invoke("run", "--help").stdout
    done = invoke("help", "curv")
    assert done.exit_code == 2
    assert "did you mean 'curve'?" in done.stderr
    assert "`lrtui help` lists the topics" in invoke("help", "zzz").stderr


def test_no_topic_is_hidden_by_a_command() -> None:
    assert not set(topics()) & set(lrtui.commands)


def test_a_terminal_gets_it_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "72")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    for name in topics():
        text = re.sub(r"\x1b\[[0-9;]*m", "", drawn(text_of(name)))
        assert max(map(len, text.splitlines())) <= 72, name
        assert "\n# " not in text
        assert ".md)" not in text, name  # links are commands there
    assert "\x1b[" in drawn(text_of("curve"))


def test_a_shell_completes_topics() -> None:
    context = lrtui.make_context("lrtui", ["help"])
    offered = complete_topics(context, lrtui.commands["help"].params[0], "cu")
    assert [item.value for item in offered] == ["curve"]


def test_on_a_terminal_the_pager_of_the_user_gets_it(tmp_path: Path) -> None:
    pager = tmp_path / "pager"
    pager.write_text(f"#!/bin/sh\ncat > {tmp_path}/paged.txt\n")
    pager.chmod(0o755)
    environ = {"PAGER": str(pager)}
    with Terminal(lrtui_argv("help", "curve"), tmp_path, environ, columns=80) as terminal:
        assert terminal.wait_for_exit() == 0
    paged = (tmp_path / "paged.txt").read_text()
    assert "How to read a curve" in paged
    assert "# How to read" not in paged
    assert "lrtui help bounds" in paged or "lrtui help refusals" in paged


def test_the_list_of_topics_stays_within_a_narrow_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("lrtui.commands.help._columns", lambda: 50)
    assert list_topics() == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 50
    assert [line.split()[2] for line in lines if line.startswith("lrtui")][:-1] == list(topics())
