"""NCCL with one rank, in a process of its own: the same code as on several GPUs."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.engine.distributed import on_nccl

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("wrapped", ["ddp", "fsdp"])
def test_a_group_of_one_gpu_measures_the_curve_of_no_group(tmp_path: Path, wrapped: str) -> None:
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=1"]
    file = tmp_path / "seen.json"
    command = [*torchrun, str(Path(on_nccl.__file__)), wrapped, str(file)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run(command, timeout=150, check=False, env=environment)
    seen = json.loads(file.read_text())
    assert seen["backend"] == "nccl"
    assert seen["loss"] == pytest.approx(seen["alone"], rel=1e-5, abs=1e-5)
    assert seen["restored"] == seen["before"] != seen["after"]
