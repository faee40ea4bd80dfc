"""Model modules as a user may write them; most of them fail in some way."""

from pathlib import Path

HEAD = "import os, sys, time, signal\nimport torch\nfrom torch import nn\n"
NET = """
class Net(nn.Module):
    def __init__(self, num_classes: int = 10):
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(64, num_classes))
        self.calls = 0

    def forward(self, x):
        self.calls += 1
        {body}
        return self.layers(x)
"""


def module(folder: Path, name: str, body: str = "pass", before: str = "") -> str:
    """Write a model module; `body` runs in every forward, `before` at import. Return its target."""
    path = folder / f"{name}.py"
    path.write_text(HEAD + before + NET.format(body=body))
    return f"{path}:Net"
