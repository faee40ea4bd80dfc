"""A model that fails on the second rank in its tenth forward, in the way that is asked for."""

import os
import signal
import threading

import torch
from torch import nn

_CALL = 10


class Net(nn.Module):
    def __init__(self, how: str = "", hidden: int = 32) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Flatten(), nn.Linear(64, hidden), nn.Tanh(), nn.Linear(hidden, 10)
        )
        self.how = how
        self.calls = 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        if self.calls == _CALL and os.environ.get("RANK") == "1":
            fail(self.how)
        output: torch.Tensor = self.body(x)
        return output


def fail(how: str) -> None:
    if how == "dies":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "hangs":
        threading.Event().wait()
    if how == "raises":
        raise ValueError("a bad row")
