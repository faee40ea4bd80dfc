"""Notebooks that are executed: what the cells show."""

import sys
from typing import Any

import pytest

nbformat: Any = pytest.importorskip("nbformat", reason="pip install nbclient ipykernel")
nbclient: Any = pytest.importorskip("nbclient", reason="pip install nbclient ipykernel")
pytest.importorskip("ipykernel", reason="pip install nbclient ipykernel")

SETUP = """
import torch
from tests.engine.rigs import digits_loaders, digits_mlp, finder
torch.manual_seed(0)
live = finder(digits_mlp())
live.verbose = True
"""
TEST = "live.range_test(digits_loaders()[0], start_lr=1e-5, end_lr=10, num_iter=300)"


def executed(*cells: str) -> list[list[Any]]:
    """The outputs of every cell."""
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager

    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    manager = AsyncKernelManager()
    manager._kernel_spec = KernelSpec(argv=command, display_name="here", language="python")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbclient.NotebookClient(notebook, km=manager, timeout=120).execute()
    return [cell.outputs for cell in notebook.cells]


def stream(outputs: list[Any], name: str) -> str:
    return "".join(output.text for output in outputs if output.get("name") == name)


def html(outputs: list[Any]) -> str:
    return str(outputs[-1].data["text/html"])


def test_a_notebook_shows_a_bar_and_then_curve_and_answer_and_a_quiet_test_nothing() -> None:
    _, refused, tested, shown, asked, quiet = executed(
        SETUP, "live", TEST, "live", "live.suggestion()", f"live.verbose = False\n{TEST}"
    )
    assert "no range test yet" in html(refused)
    assert "range test" in stream(tested, "stderr")
    assert "Warning" not in stream(tested, "stderr")
    assert stream(tested, "stdout").rstrip().endswith("See the graph with LRFinder.plot()")
    assert "<polyline" in html(shown)
    assert "<b>lr " in html(shown)
    assert "<svg" in html(asked)
    assert "Suggestion(lr=" in asked[-1].data["text/plain"]
    assert quiet == []
