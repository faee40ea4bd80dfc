"""`lrtui help`: topics, the index, what a terminal gets, and that every refusal is explained."""

import re
from typing import get_args

import pytest

from lrtui.analysis.answer import ConfirmVerdict, Verdict
from lrtui.cli import lrtui
from lrtui.commands.help import complete_topics, drawn, text_of, topics
from tests.commands.invoking import invoke
from tests.docs.blocks import ROOT, TOPICS


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


def test_every_refusal_of_the_test_and_every_verdict_of_a_race_is_explained() -> None:
    text = text_of("refusals")
    for verdict in set(get_args(Verdict)) - {"ok"}:
        assert f"\n### `{verdict}`\n" in text, verdict
    for verdict in get_args(ConfirmVerdict):
        assert f"`{verdict}`" in text, verdict
