"""Data sets: torchvision's after a download, image folders, tables, texts."""

import gzip
import hashlib
import http.server
import shutil
import threading
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import TensorDataset

from lrtui.build.assemble import build
from lrtui.build.availability import available, download
from lrtui.build.facts import facts_of
from lrtui.build.first_batch import inspect_first_batch
from lrtui.build.importing import load
from lrtui.build.introspect import describe, offers_in_module
from lrtui.catalog.errors import CatalogError, PhaseError
from lrtui.spec import Choice, LoaderSpec, RunSpec
from tests.build.helpers import count_examples, linear
from tests.user_files import WriteFile

DEBIAN = Path("/usr/share/datasets/fashion-mnist")
needs_fashion = pytest.mark.skipif(
    not DEBIAN.is_dir(), reason="Debian's dataset-fashion-mnist is not installed"
)
MLP = Choice("sample_models/mlp.py:MLP")


@pytest.fixture(scope="module")
def fashion_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with Fashion-MNIST as torchvision's download writes it."""
    root: Path = tmp_path_factory.mktemp("datasets")
    raw = root / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    for packed in DEBIAN.glob("*.gz"):
        with gzip.open(packed) as source, (raw / packed.stem).open("wb") as file:
            shutil.copyfileobj(source, file)
    return root


@pytest.mark.fashion
@needs_fashion
def test_fashion_mnist_runs_as_the_download_leaves_it(fashion_root: Path) -> None:
    notices: list[str] = []
    choice = Choice("torchvision:FashionMNIST", {"root": str(fashion_root)})
    built = build(RunSpec(model=MLP, data=choice, loader=LoaderSpec(subset=2000)), notices.append)
    assert built.batch == "64x1x28x28 float32 → inputs, 64 int64 → target"
    assert count_examples(built.train_loader) == 2000
    assert count_examples(built.val_loader) == 10_000
    assert notices == ["taken from the data: in_features = 784", f"batch: {built.batch}"]
    assert available(choice).there


@pytest.mark.fashion
@needs_fashion
def test_fashion_mnist_is_normalised_with_its_own_numbers(fashion_root: Path) -> None:
    train, _ = load("torchvision:FashionMNIST")(root=str(fashion_root))
    pixels = torch.stack([train[place][0] for place in range(0, 60_000, 60)])
    assert abs(float(pixels.mean())) < 0.02
    assert abs(float(pixels.std()) - 1) < 0.02


@pytest.mark.fashion
@needs_fashion
def test_channels_size_and_augmentation_are_as_configured(fashion_root: Path) -> None:
    make = partial(load("torchvision:FashionMNIST"), root=str(fashion_root))
    train, val = make(channels="3", resize=16, augment=True)
    assert train[0][0].shape == (3, 16, 16)
    assert not torch.equal(train[0][0], train[0][0])
    assert torch.equal(val[0][0], val[0][0])


@pytest.mark.fashion
@needs_fashion
def test_a_download_adds_missing_data_and_reports_progress(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a local server, with the checksums of its files."""
    from torchvision.datasets import FashionMNIST  # type: ignore[import-untyped]

    from lrtui.build.datasets import local

    monkeypatch.setattr(local, "PACKAGED", tmp_path / "none")

    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(DEBIAN))
    monkeypatch.setattr(http.server.SimpleHTTPRequestHandler, "log_message", lambda *args: None)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sums = [
        (name, hashlib.md5((DEBIAN / name).read_bytes()).hexdigest())
        for name, _ in FashionMNIST.resources
    ]
    monkeypatch.setattr(FashionMNIST, "resources", sums)
    monkeypatch.setattr(FashionMNIST, "mirrors", [f"http://127.0.0.1:{server.server_port}/"])
    choice, seen = Choice("torchvision:FashionMNIST", {"root": str(tmp_path)}), []
    try:
        assert not available(choice).there
        download(choice, lambda name, here, total: seen.append((name, here, total)))
        assert available(choice).there
        notices: list[str] = []
        other = {"root": str(tmp_path / "other"), "download": True}
        build(RunSpec(model=MLP, data=Choice("torchvision:FashionMNIST", other)), notices.append)
        assert any(line.startswith("downloading FashionMNIST: ") for line in notices)
    finally:
        server.shutdown()
        server.server_close()
    largest = max(path.stat().st_size for path in DEBIAN.glob("*.gz"))
    assert ("FashionMNIST", largest, largest) in seen


@pytest.mark.fashion
@needs_fashion
def test_debians_package_is_used_before_the_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from torchvision.datasets import FashionMNIST

    monkeypatch.setattr(FashionMNIST, "mirrors", ["http://127.0.0.1:9/"])
    choice = Choice("torchvision:FashionMNIST", {"root": str(tmp_path), "download": True})
    assert len(load(choice.target)(**choice.args)[0]) == 60_000


def test_missing_data_says_what_to_do(tmp_path: Path) -> None:
    choice = Choice("torchvision:CIFAR10", {"root": str(tmp_path)})
    found = available(choice)
    assert not found.there
    assert found.can_download
    assert found.size == 170_498_071
    with pytest.raises(
        PhaseError,
        match=r"CIFAR10 is not in .*: set download = true to download it \(170 MB\), or set root",
    ) as caught:
        build(RunSpec(data=choice))
    assert caught.value.phase == "data"


def test_a_download_without_a_network_fails_with_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from torchvision.datasets import MNIST

    monkeypatch.setattr(MNIST, "mirrors", ["http://127.0.0.1:9/"])
    choice = Choice("torchvision:MNIST", {"root": str(tmp_path)})
    with pytest.raises(CatalogError, match="MNIST could not be downloaded: ") as caught:
        download(choice, lambda *seen: None)
    assert "\n" not in str(caught.value)


def test_a_set_without_a_download_says_so(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="torchvision cannot download ImageNet"):
        download(Choice("torchvision:ImageNet", {"root": str(tmp_path)}), lambda *seen: None)


def test_every_listed_set_has_a_form(tmp_path: Path) -> None:
    offered = {
        offer.target.partition(":")[2]: offer for offer in offers_in_module("torchvision", "data")
    }
    assert {"MNIST", "FashionMNIST", "KMNIST", "CIFAR10", "CIFAR100", "SVHN", "FakeData"} <= set(
        offered
    )
    assert "ImageFolder" in offered
    del offered["ImageFolder"]  # ours, see lrtui:images
    for name, offer in offered.items():
        fields = {field.name for field in offer.fields}
        assert {"resize", "channels", "normalize", "augment"} <= fields
        assert ("root" in fields) == (name != "FakeData")
        assert offer.summary.startswith(f"torchvision's {name}")
        assert not any(name.startswith("_") for name in fields)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("MNIST", [{"train": True}, {"train": False}]),
        ("SVHN", [{"split": "train"}, {"split": "test"}]),
        ("EMNIST", [{"split": "balanced", "train": True}, {"split": "balanced", "train": False}]),
        ("FGVCAircraft", [{"split": "trainval"}, {"split": "test"}]),
        ("OxfordIIITPet", [{"split": "trainval"}, {"split": "test"}]),
        ("Places365", [{"split": "train-standard"}, {"split": "val"}]),
        ("EuroSAT", [{}]),
    ],
)
def test_a_set_has_its_own_two_parts(name: str, parts: list[dict[str, object]]) -> None:
    from lrtui.build.datasets.vision import parts_of

    assert parts_of(name, {}) == parts


def test_fake_data_runs_anywhere() -> None:
    options = {"size": 40, "image_size": [3, 32, 32], "num_classes": 4}
    built = build(
        RunSpec(data=Choice("torchvision:FakeData", options), loader=LoaderSpec(batch_size=8))
    )
    assert built.batch == "8x3x32x32 float32 → images, 8 int64 → target"
    assert linear(built.model, "head").out_features == 4


def image_folder(root: Path, parts: tuple[str, ...]) -> Path:
    for part in parts:
        for label in ("cat", "dog", "eel"):
            (root / part / label).mkdir(parents=True)
            for number in range(4):
                size = (20 + number, 30)
                Image.new("RGB" if number % 2 else "L", size, 10 * number).save(
                    root / part / label / f"{number}.png"
                )
    return root


@pytest.mark.parametrize(("parts", "counts"), [(("",), (10, 2)), (("train", "val"), (12, 12))])
@pytest.mark.parametrize("name", ["lrtui:images", "torchvision:ImageFolder"])
def test_a_folder_of_images_of_any_size_and_mode(
    tmp_path: Path, parts: tuple[str, ...], counts: tuple[int, int], name: str
) -> None:
    choice = Choice(name, {"root": str(image_folder(tmp_path, parts)), "resize": 16})
    built = build(RunSpec(data=choice, loader=LoaderSpec(batch_size=4)))
    assert built.batch == "4x3x16x16 float32 → images, 4 int64 → target"
    assert linear(built.model, "head").out_features == 3
    assert (count_examples(built.train_loader), count_examples(built.val_loader)) == counts


def test_a_folder_without_images_is_reported(tmp_path: Path) -> None:
    with pytest.raises(PhaseError, match="has no images in sub-folders"):
        build(RunSpec(data=Choice("lrtui:images", {"root": str(tmp_path)})))
    with pytest.raises(PhaseError, match="nowhere: no such folder"):
        build(RunSpec(data=Choice("lrtui:images", {"root": "nowhere"})))


CSV = "size;colour;kind\n1.5;red;a\n2;blue;b\n;red;a\n4;green;b\n" + "3;red;a\n2;blue;b\n" * 20


def table(path: Path, **options: object) -> TensorDataset:
    data = load("lrtui:table")(str(path), **options)
    assert isinstance(data, TensorDataset)
    return data


def test_a_csv_file_becomes_numbers_and_classes(tmp_path: Path) -> None:
    path = tmp_path / "animals.csv"
    path.write_text(CSV)
    data = table(path)
    assert getattr(data, "classes") == ["a", "b"]  # noqa: B009 - an attribute that lrtui adds
    assert data.tensors[0].shape == (44, 4)
    assert data.tensors[0].isfinite().all()
    assert torch.allclose(data.tensors[0].mean(0), torch.zeros(4), atol=1e-5)
    assert data.tensors[1][:4].tolist() == [0, 1, 0, 1]


def test_a_column_by_name_and_numbers_to_predict(tmp_path: Path) -> None:
    path = tmp_path / "animals.csv"
    path.write_text(CSV)
    data = table(path, target="size", task="regression", normalize=False)
    assert data.tensors[1].dtype == torch.float32
    assert data.tensors[1][1].item() == 2.0
    with pytest.raises(CatalogError, match="has no column 'kinds'; did you mean 'kind'"):
        table(path, target="kinds")


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".parquet"])
def test_arrays_and_parquet(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"data{suffix}"
    features, labels = np.random.default_rng(0).normal(size=(60, 5)), np.arange(60) % 3
    if suffix == ".npy":
        np.save(path, np.column_stack([features, labels + 0.5]))
    elif suffix == ".npz":
        np.savez(path, y=labels, x=features)
    else:
        arrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
        from pyarrow import parquet  # type: ignore[import-not-found]

        columns = {f"c{number}": features[:, number] for number in range(5)}
        parquet.write_table(arrow.table({**columns, "label": labels}), path)
    data = table(path)
    assert data.tensors[0].shape == (60, 5)
    assert data.tensors[1].dtype == (torch.float32 if suffix == ".npy" else torch.int64)


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.csv", "a,b\n1,2\n3\n", "row 3 has 1 entries, the first has 2"),
        ("a.csv", "", "has no rows"),
        ("a.csv", "a\n1\n2\n", "has no column beside 'a'"),
        ("a.npy", "rubbish", "cannot be read"),
        ("a.docx", "", "expected one of .csv"),
        ("a.csv", "a,b\n" + "".join(f"word{n},{n}\n" for n in range(80)), "80 different entries"),
    ],
)
def test_a_table_that_cannot_be_used_fails_with_one_line(
    tmp_path: Path, name: str, content: str, expected: str
) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(CatalogError) as caught:
        table(tmp_path / name)
    assert expected in str(caught.value)


def test_a_missing_file_is_named_with_its_phase() -> None:
    with pytest.raises(PhaseError, match="FileNotFoundError") as caught:
        build(RunSpec(data=Choice("lrtui:table", {"path": "nowhere.csv"})))
    assert caught.value.phase == "data"
    assert not available(Choice("lrtui:table", {"path": "nowhere.csv"})).there


def test_the_next_character_is_the_target(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text("abcdefghij" * 30)
    train, val = load("lrtui:text")(str(path), context=8)
    inputs, targets = train[3]
    assert torch.equal(inputs[1:], targets[:-1])
    assert "".join(train.alphabet[code] for code in inputs) == ("abcdefghij" * 30)[24:32]
    assert (len(train), len(val), train.vocab_size) == (33, 3, 10)
    assert set(train.codes.tolist()) | set(val.codes.tolist()) == set(range(10))


def test_a_text_that_is_too_short_or_not_text_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "short.txt"
    path.write_text("short")
    with pytest.raises(CatalogError, match="too few for a context of 64"):
        load("lrtui:text")(str(path))
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CatalogError, match="is not text in UTF-8"):
        load("lrtui:text")(str(path))


def test_text_without_a_file_and_as_a_mapping() -> None:
    train, _ = load("lrtui:stdlib-text")(context=32, mapping=True)
    assert set(train[0]) == {"input_ids", "labels"}
    facts = facts_of(train, torch.utils.data.default_collate([train[0], train[1]]))
    assert facts is not None
    assert (facts.inputs, facts.tokens, facts.vocabulary) == ((32,), True, train.vocab_size)


@pytest.mark.parametrize("name", ["images", "table", "text", "stdlib-text"])
def test_every_field_of_lrtuis_data_sets_has_help(name: str) -> None:
    for field in describe(f"lrtui:{name}", "data").fields:
        assert field.help, field.name


def test_the_first_batch_says_what_a_form_can_offer() -> None:
    facts, words = inspect_first_batch(Choice("lrtui:digits"), LoaderSpec(batch_size=8))
    assert facts is not None
    assert (facts.inputs, facts.classes, words) == (
        (1, 8, 8),
        10,
        "8x1x8x8 float32 → input, 8 int64 → target",
    )


def test_loader_workers_see_the_same_data(user_file: WriteFile) -> None:
    built = build(RunSpec(data=Choice("lrtui:digits"), loader=LoaderSpec(workers=1)))
    torch.manual_seed(5)
    first = next(iter(built.train_loader))
    alone = build(RunSpec())
    torch.manual_seed(5)
    assert torch.equal(first[0], next(iter(alone.train_loader))[0])
