"""The examples of `lrtui help integrations` run as they stand, on small objects of these names."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from lrtui.engine.restore.digest import digest
from tests.docs.blocks import TOPICS, blocks_of
from tests.engine.rigs import digits_loaders, digits_mlp

DOCUMENT = TOPICS / "integrations.md"
Names = dict[str, Any]


def blocks() -> list[str]:
    return [block.text for block in blocks_of(DOCUMENT) if block.language == "python"]


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


MAKERS: list[Callable[[Path], Names]] = [
    plain,
    plain,
    lightning,
    huggingface,
    ignite,
    accelerate,
    plain,
]


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
    exec(compile(block, str(DOCUMENT), "exec"), names)
    answer = names.get("suggestion") or names.get("test") or names["finder"]
    suggestion = answer if names_of is huggingface else answer.suggestion
    if callable(suggestion):
        suggestion = suggestion()
    assert suggestion.lr is not None or names_of is huggingface  # its data are noise
    if before and names_of is not accelerate:
        assert digest([names["model"]], [names["optimizer"]]) == before
