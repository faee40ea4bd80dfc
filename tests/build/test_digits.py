"""The digits: complete, and always split the same way."""

import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from lrtui.build.datasets import digits as package
from lrtui.build.datasets.digits import digits


def test_images_and_labels_are_what_a_model_takes() -> None:
    train, val = digits()
    assert len(train) + len(val) == 1797
    image, label = train[0]
    assert (image.dtype, tuple(image.shape), label.dtype) == (torch.float32, (1, 8, 8), torch.int64)
    images = torch.cat([train.tensors[0], val.tensors[0]])
    assert (images.min().item(), images.max().item()) == (0.0, 1.0)


def test_every_class_is_split_by_the_same_fraction() -> None:
    train, val = digits()
    whole = torch.bincount(torch.cat([train.tensors[1], val.tensors[1]]))
    assert len(whole) == 10
    assert torch.equal(torch.bincount(train.tensors[1]), (whole.double() * 0.8).round().long())


def test_the_split_is_the_same_every_time() -> None:
    assert all(
        torch.equal(a, b) for a, b in zip(digits()[0].tensors, digits()[0].tensors, strict=True)
    )


def test_it_is_scikit_learns_copy_to_the_last_pixel() -> None:
    theirs = pytest.importorskip(
        "sklearn.datasets", reason="scikit-learn is not installed"
    ).load_digits()
    with np.load(Path(package.__file__).with_name("digits.npz")) as stored:
        assert np.array_equal(stored["images"], theirs.images)
        assert np.array_equal(stored["labels"], theirs.target)


def test_its_licence_is_in_the_same_folder() -> None:
    text = Path(package.__file__).with_name("LICENSE.txt").read_text()
    assert "CC BY 4.0" in text
    assert "Alpaydin" in text


@pytest.mark.slow
def test_data_and_samples_are_in_the_wheel(tmp_path: Path) -> None:
    root = Path(package.__file__).parents[3]
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--no-deps",
        "-q",
        "-w",
        str(tmp_path),
        str(root),
    ]
    subprocess.run(command, check=True, timeout=170)
    names = zipfile.ZipFile(next(tmp_path.glob("lrtui-*.whl"))).namelist()
    assert {
        "lrtui/build/datasets/digits/digits.npz",
        "lrtui/build/datasets/digits/LICENSE.txt",
        "sample_models/cnn.py",
    } <= set(names)
