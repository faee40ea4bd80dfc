"""The handler for ignite's engines."""

from typing import Any

import pytest
import torch
from torch import nn

from lrtui.engine.restore.digest import digest
from tests.engine.rigs import finder, loader, mlp

pytest.importorskip("ignite", reason="pip install 'lrtui[ignite]'")
from ignite.engine import Engine, Events, create_supervised_trainer
from ignite.handlers import EMAHandler

from lrtui.integrations.ignite import LRRangeTest

RANGE: dict[str, Any] = {"start_lr": 1e-5, "end_lr": 10, "num_iter": 60, "verbose": False}


def rig() -> tuple[nn.Module, torch.optim.Optimizer, Any]:
    model = mlp(dropout=0.2)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)
    return model, optimizer, create_supervised_trainer(model, optimizer, nn.CrossEntropyLoss())


def test_the_curve_is_that_of_lrfinder_to_the_last_bit() -> None:
    model, optimizer, trainer = rig()
    losses = []
    trainer.add_event_handler(
        Events.ITERATION_COMPLETED, lambda engine: losses.append(engine.state.output)
    )
    plain = finder(mlp(dropout=0.2))
    torch.manual_seed(1)
    test = LRRangeTest(optimizer, model, **RANGE).run(trainer, loader())
    torch.manual_seed(1)
    settings = {name: value for name, value in RANGE.items() if name != "verbose"}
    plain.range_test(loader(), **settings)
    assert test.history["lr"] == plain.history["lr"]
    assert losses == test.history["raw_loss"]
    assert (test.status, test.reason) == (plain.status, plain.reason)


def test_engine_model_and_optimizer_are_as_they_were_and_can_train() -> None:
    model, optimizer, trainer = rig()
    trainer.run(loader(), max_epochs=1)
    before, state = digest([model], [optimizer]), trainer.state
    places = state.epoch, state.iteration
    LRRangeTest(optimizer, model, **RANGE).run(trainer, loader())
    assert digest([model], [optimizer]) == before
    assert trainer.state is state
    assert (state.epoch, state.iteration) == places
    trainer.run(loader(), max_epochs=3)
    assert state.epoch == 3


def test_no_epoch_ends_in_a_test() -> None:
    model, optimizer, trainer = rig()
    epochs = []
    trainer.add_event_handler(Events.EPOCH_COMPLETED, lambda: epochs.append(1))
    test = LRRangeTest(optimizer, model, **{**RANGE, "end_lr": 1e-3}).run(trainer, loader())
    assert test.status == "completed"
    assert not epochs


def test_an_error_in_the_process_function_leaves_everything_as_it_was() -> None:
    model, optimizer, _ = rig()
    before = digest([model], [optimizer])

    def process(engine: Any, batch: Any) -> float:
        loss = nn.functional.cross_entropy(model(batch[0]), batch[1])
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        if engine.state.iteration == 5:
            raise KeyError("of the user's code")
        return loss.item()

    engine = Engine(process)
    test = LRRangeTest(optimizer, model, **RANGE)
    with pytest.raises(KeyError):
        test.run(engine, loader())
    assert digest([model], [optimizer]) == before
    assert test.test.status == "failed"
    assert engine.state.iteration == 0


def test_the_loss_can_be_a_part_of_the_output() -> None:
    model, optimizer, _ = rig()
    trainer = create_supervised_trainer(
        model,
        optimizer,
        nn.CrossEntropyLoss(),
        output_transform=lambda x, y, y_pred, loss: {"loss": loss.item()},
    )
    handler = LRRangeTest(optimizer, model, output_transform=lambda output: output["loss"], **RANGE)
    assert len(handler.run(trainer, loader()).history["lr"]) > 20


def test_handlers_of_the_engine_run_and_what_they_keep_is_put_back() -> None:
    model, optimizer, trainer = rig()
    average = EMAHandler(model)  # adds a field to the engine's state
    average.attach(trainer)
    before = [tensor.clone() for tensor in average.ema_model.state_dict().values()]
    test = LRRangeTest(optimizer, model, also=[average.ema_model], **{**RANGE, "end_lr": 1e-3})
    assert test.run(trainer, loader()).status == "completed"
    assert all(map(torch.equal, before, average.ema_model.state_dict().values()))
    assert trainer.state.ema_momentum == average.momentum
