"""The README's examples for other setups run as they stand, on small objects of these names."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from lrtui.engine.restore.digest import digest
from tests.engine.rigs import digits_loaders, digits_mlp

README = Path(__file__).parents[2] / "README.md"
HEADING = "## In your own training"
Names = dict[str, Any]


def blocks() -> list[str]:
    section = README.read_text().split(f"{HEADING}\n", 1)[1].split("\n## ", 1)[0]
    return re.findall(r"```python\n(.*?)```", section, re.DOTALL)


def plain(tmp_path: Path) -> Names:
    model = digits_mlp()
    return {
        "model": model,
        "optimizer": torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9),
        "criterion": nn.CrossEntropyLoss(),
        "train_loader": digits_loaders()[0],
    }


def lightning(tmp_path: Path) -> Names:
    pl = pytest.importorskip("lightning.pytorch", reason="pip install 'lrtui[lightning]'")
    from tests.integrations.test_lightning import module

    return {"model": module(pl, net=digits_mlp()), "train_loader": digits_loaders()[0]}


def huggingface(tmp_path: Path) -> Names:
    pytest.importorskip("transformers", reason="pip install 'lrtui[transformers]'")
    from tests.integrations.test_huggingface import trainer

    return {"trainer": trainer(tmp_path, max_steps=100)}


def ignite(tmp_path: Path) -> Names:
    engines = pytest.importorskip("ignite.engine", reason="pip install 'lrtui[ignite]'")
    names = plain(tmp_path)
    trainer = engines.create_supervised_trainer(
        names["model"], names["optimizer"], names["criterion"]
    )
    return {**names, "trainer": trainer}


def accelerate(tmp_path: Path) -> Names:
    pytest.importorskip("accelerate", reason="pip install 'lrtui[accelerate]'")
    return plain(tmp_path)


MAKERS: list[Callable[[Path], Names]] = [plain, lightning, huggingface, ignite, accelerate]


@pytest.mark.parametrize(
    ("block", "names_of"),
    zip(blocks(), MAKERS, strict=True),
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_an_example_runs_as_it_stands_and_answers(
    block: str,
    names_of: Callable[[Path], Names],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    torch.manual_seed(0)
    names = names_of(tmp_path)
    monkeypatch.chdir(tmp_path)  # a Trainer of Lightning writes there
    before = digest([names["model"]], [names["optimizer"]]) if "optimizer" in names else ""
    exec(compile(block, "README.md", "exec"), names)
    answer = names.get("suggestion") or names.get("test") or names["finder"]
    suggestion = answer if names_of is huggingface else answer.suggestion
    if callable(suggestion):
        suggestion = suggestion()
    assert suggestion.lr is not None or names_of is huggingface  # its data are noise
    if before and names_of is not accelerate:
        assert digest([names["model"]], [names["optimizer"]]) == before


def test_the_modules_of_the_examples_are_in_the_map() -> None:
    text = README.read_text()
    assert "  integrations/ " in text
    assert "  notebook/ " in text
