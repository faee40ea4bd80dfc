"""NVIDIA's apex: whether it can be used, and the contract of its amp, fake and real."""

import contextlib
import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from lrtui import LRFinder
from lrtui.engine import apex
from lrtui.engine.precision import Apex, apex_initialize
from tests.engine.rigs import finder, loader, mlp

TREES = {
    "absent": {},
    "foreign": {"apex/__init__.py": "raise RuntimeError('a web toolkit')"},
    "foreign and quiet": {"apex/__init__.py": "", "apex/forms.py": ""},
    "too new": {
        "apex/__init__.py": "",
        "apex/optimizers/__init__.py": "",
        "apex/normalization/__init__.py": "",
    },
    "no kernels": {
        "apex/__init__.py": "",
        "apex/amp/__init__.py": "",
        "apex/optimizers/__init__.py": "",
    },
    "broken": {"apex/__init__.py": "", "apex/amp/__init__.py": "raise OSError('libcudart.so')"},
    "broken, and imported by its parent": {  # as from tag 25.05 on
        "apex/__init__.py": "from . import optimizers, amp",
        "apex/amp/__init__.py": "raise ImportError('no apex.contrib')",
        "apex/optimizers/__init__.py": "",
        "amp_C.py": "",
    },
    "whole": {
        "apex/__init__.py": "",
        "apex/amp/__init__.py": "",
        "apex/optimizers/__init__.py": "",
        "amp_C.py": "",
    },
}
AMP = {
    "absent": "apex is not installed .*another project.*; use fp16 or bf16",
    "foreign": "a foreign package of that name .*; use fp16 or bf16",
    "foreign and quiet": "a foreign package of that name",
    "too new": r"too new: it has no amp any more \(removed after 25.05\); use fp16 or bf16",
    "broken": r"broken: apex.amp cannot be imported \(libcudart.so\); use fp16 or bf16",
    "broken, and imported by its parent": (
        r"broken: apex.amp cannot be imported \(no apex.contrib\); use fp16 or bf16"
    ),
    "no kernels": None,
    "whole": None,
}
FUSED = {
    "absent": "apex is not installed",
    "foreign": "a foreign package",
    "broken": "no optimizers; use torch.optim with fused=True",
    "broken, and imported by its parent": (
        r"broken: apex.optimizers cannot be imported \(no apex.contrib\); use torch.optim"
    ),
    "too new": r"without its CUDA kernels \(amp_C\); use torch.optim with fused=True",
    "no kernels": r"without its CUDA kernels",
    "whole": None,
}


def forget() -> None:
    for name in [name for name in sys.modules if name.split(".")[0] in ("apex", "amp_C")]:
        del sys.modules[name]
    importlib.invalidate_caches()


@pytest.fixture
def tree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[str]:
    """An installed package of that name and kind, in place of whatever is installed here."""
    for path, text in TREES[request.param].items():
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    kept = {
        name: module
        for name, module in sys.modules.items()
        if name.split(".")[0] in ("apex", "amp_C")
    }
    forget()
    monkeypatch.syspath_prepend(str(tmp_path))
    if not TREES[request.param]:
        monkeypatch.setattr(apex, "_located", lambda name: None)
    yield request.param
    forget()
    sys.modules.update(kept)


@pytest.mark.parametrize("tree", AMP, indirect=True)
def test_whether_amp_can_be_used_and_why_not(tree: str) -> None:
    finding = apex.amp_finding()
    assert finding.usable == (AMP[tree] is None)
    if AMP[tree]:
        with pytest.raises(ValueError, match=AMP[tree]):
            apex.amp()
        with pytest.raises(ValueError, match="Unknown amp backend: apex"):
            finder(amp_backend="apex")


@pytest.mark.parametrize("tree", FUSED, indirect=True)
def test_whether_its_fused_optimizers_can_be_used_and_why_not(tree: str) -> None:
    finding = apex.fused_finding()
    assert finding.usable == (FUSED[tree] is None)
    expected = FUSED[tree]
    if expected is not None:
        assert re.search(expected, finding.reason)


class FakeAmp:
    """The part of apex.amp that is used here; O2 puts fp32 master weights into the groups."""

    def __init__(self) -> None:
        self.scale, self.unskipped, self.scaled = 64.0, 0, 0
        self.pairs: list[tuple[nn.Parameter, nn.Parameter]] = []

    def initialize(
        self, model: nn.Module, optimizer: torch.optim.Optimizer, opt_level: str, verbosity: int
    ) -> tuple[nn.Module, torch.optim.Optimizer]:
        vars(optimizer)["_amp_stash"] = object()
        params = [param for group in optimizer.param_groups for param in group["params"]]
        self.pairs = [(param, param) for param in params]
        if opt_level == "O2":
            self._give_masters(model, optimizer)
        return model, optimizer

    def _give_masters(self, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
        plain = optimizer.step

        def step(closure: Any = None) -> None:
            plain()
            with torch.no_grad():
                for master, param in self.pairs:
                    param.copy_(master)

        self.pairs = []
        for group in optimizer.param_groups:
            masters = [nn.Parameter(param.detach().clone()) for param in group["params"]]
            self.pairs += list(zip(masters, group["params"], strict=True))
            group["params"] = masters
        for param in model.parameters():
            param.data = param.data.bfloat16()
        optimizer.step = step  # type: ignore[method-assign,assignment]
        optimizer.zero_grad = self._zero_grad  # type: ignore[method-assign]

    def _zero_grad(self, set_to_none: bool = True) -> None:
        for master, param in self.pairs:
            master.grad = param.grad = None

    @contextlib.contextmanager
    def scale_loss(
        self, loss: torch.Tensor, optimizer: torch.optim.Optimizer
    ) -> Iterator[torch.Tensor]:
        self.scaled += 1
        earlier = [master.grad for master, _ in self.pairs]
        for _, param in self.pairs:
            param.grad = None
        yield loss * self.scale
        for (master, param), grad in zip(self.pairs, earlier, strict=True):
            assert param.grad is not None
            unscaled = param.grad.float() / self.scale
            master.grad = unscaled if grad is None else grad + unscaled
        self.unskipped += 1

    def state_dict(self) -> dict[str, dict[str, Any]]:
        return {"loss_scaler0": {"loss_scale": self.scale, "unskipped": self.unskipped}}

    def load_state_dict(self, state: dict[str, dict[str, Any]]) -> None:
        self.scale = state["loss_scaler0"]["loss_scale"]
        self.unskipped = state["loss_scaler0"]["unskipped"]


@pytest.fixture(
    params=["stand-in", pytest.param("real", marks=[pytest.mark.gpu, pytest.mark.apex])]
)
def amp(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    if request.param == "real":
        return apex.amp()
    fake = FakeAmp()
    monkeypatch.setattr(apex, "amp", lambda: fake)
    monkeypatch.setattr(apex, "amp_finding", lambda: apex.Finding(True))
    return fake


def prepared(amp: Any, level: str) -> tuple[LRFinder, list[Any]]:
    device = "cpu" if isinstance(amp, FakeAmp) else "cuda"
    torch.manual_seed(0)
    plain = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 3)).to(device)
    sgd = torch.optim.SGD(plain.parameters(), lr=1e-3, momentum=0.9)
    model, optimizer = apex_initialize(plain, sgd, f"apex-{level}")
    dtype = next(model.parameters()).dtype if level == "O2" else torch.float32
    batches = [(inputs.to(device, dtype), target.to(device)) for inputs, target in loader()]
    return finder(model, lambda _: optimizer, amp_backend="apex"), batches


@pytest.mark.parametrize("level", ["O1", "O2"])
def test_the_loss_is_scaled_the_model_learns_and_all_is_restored(amp: Any, level: str) -> None:
    live, batches = prepared(amp, level)
    assert isinstance(live._precision, Apex)
    before, scaler = live.digest(), amp.state_dict()
    masters = [
        param.detach().clone()
        for group in live.optimizers[0].param_groups
        for param in group["params"]
    ]
    for _ in range(2):
        live.range_test(batches, num_iter=12, diverge_th=100)
        assert live.history["loss"][-1] < live.history["loss"][0]
        assert amp.state_dict() != scaler
        live.reset()
        assert live.digest() == before
        assert amp.state_dict() == scaler
        now = [param for group in live.optimizers[0].param_groups for param in group["params"]]
        assert all(torch.equal(a, b) for a, b in zip(now, masters, strict=True))


def test_every_batch_of_an_accumulated_step_is_scaled(
    amp: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    live, batches = prepared(amp, "O1")
    scaled = []
    plain = amp.scale_loss

    def scale_loss(*args: Any) -> Any:
        scaled.append(1)
        return plain(*args)

    monkeypatch.setattr(amp, "scale_loss", scale_loss)
    live.range_test(batches, num_iter=5, accumulation_steps=3, diverge_th=100)
    assert len(scaled) == 15


def test_a_scale_that_fell_marks_a_skipped_step() -> None:
    class Falling(FakeAmp):
        @contextlib.contextmanager
        def scale_loss(self, loss: torch.Tensor, optimizers: Any) -> Iterator[torch.Tensor]:
            with super().scale_loss(loss, optimizers) as scaled:
                yield scaled
            if self.scaled == 2:
                self.scale /= 2

    fake = Falling()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(apex, "amp", lambda: fake)
        patch.setattr(apex, "amp_finding", lambda: apex.Finding(True))
        live, batches = prepared(fake, "O1")
        assert [step.skipped for step in live.steps(batches, num_iter=4)] == [
            False,
            True,
            False,
            False,
        ]


def test_without_initialize_the_loss_is_not_scaled() -> None:
    fake = FakeAmp()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(apex, "amp", lambda: fake)
        patch.setattr(apex, "amp_finding", lambda: apex.Finding(True))
        finder(mlp(), amp_backend="apex").range_test(loader(), num_iter=3)
    assert fake.scaled == 0
