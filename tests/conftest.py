"""Each test has an empty home for lrtui. torch has one thread: sums differ with their number."""

import os
from pathlib import Path

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")

FASHION = Path("/usr/share/datasets/fashion-mnist")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "lrtui-home"
    monkeypatch.setenv("LRTUI_HOME", str(folder))
    return folder


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the tests whose data set, GPU or apex this machine lacks, with the reason."""
    for item in items:
        if item.get_closest_marker("fashion") and not FASHION.exists():
            item.add_marker(
                pytest.mark.skip(
                    reason=f"Debian's dataset-fashion-mnist is not installed ({FASHION})"
                )
            )
        if item.get_closest_marker("gpu"):
            import torch

            if not torch.cuda.is_available():
                item.add_marker(pytest.mark.skip(reason="no CUDA device"))
        if item.get_closest_marker("apex"):
            from lrtui.engine.apex import amp_finding

            finding = amp_finding()
            if not finding.usable:
                item.add_marker(pytest.mark.skip(reason=finding.reason))
