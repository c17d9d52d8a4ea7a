"""Attacks by files, for attack.py: arrays, pictures, tables, exports and configurations."""

import csv
import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from ugvae_tf import config as configuration
from ugvae_tf.config import Config, presets
from ugvae_tf.datasets.own_images import folder_source, npz_source
from ugvae_tf.datasets.source import Source
from ugvae_tf.models import build_model
from ugvae_tf.serving import export
from ugvae_tf.serving.served_model import ServedModel

STRANGE = (None, True, -1, 0, 1.5, 10**30, "", "x" * 1000, "\x00", [], [1], {}, {"a": 1}, float("nan"), float("inf"))
COUNT = 20


def damaged(content: bytes, random: np.random.Generator) -> bytes:
    """The content cut, with flipped bits, with a part that is random, new or missing, or at times as it is."""
    changed, place = bytearray(content), int(random.integers(len(content)))
    part = bytes(random.integers(256, size=random.integers(1, 64), dtype=np.uint8))
    match random.integers(6):
        case 0:
            return bytes(changed[:place])
        case 1:
            for _ in range(random.integers(1, 4)):
                changed[random.integers(len(changed))] ^= 1 << int(random.integers(8))
        case 2:
            changed[place : place + len(part)] = part
        case 3:
            changed[place:place] = part
        case 4:
            del changed[place : place + len(part)]
    return bytes(changed)


def archives(random: np.random.Generator, folder: Path) -> Iterator:
    """Damaged .npz files, read into memory or where they lie: refused, or the arrays that were written."""
    images, labels = random.integers(256, size=(COUNT, 5, 3, 1), dtype=np.uint8), np.arange(COUNT)
    file = folder / "images.npz"
    while True:
        (np.savez if random.random() < 0.7 else np.savez_compressed)(file, image=images, label=labels)
        limit = float(random.choice([2e-7, 1.0]))
        expected = _content(npz_source(file, "train", 1.0))
        file.write_bytes(damaged(file.read_bytes(), random))
        yield lambda limit=limit, expected=expected: _content(npz_source(file, "train", limit)) == expected


def _content(source: Source) -> list[tuple]:
    """The examples as they can be compared."""
    return [
        tuple((name, np.asarray(example[name]).tobytes()) for name in sorted(example)) for example in source.examples
    ]


def folders(random: np.random.Generator, folder: Path) -> Iterator:
    """Folders with damaged pictures, left out or not: refused, or all pictures that are whole."""
    pictures = [
        tf.io.encode_png(np.full([3, 2, 1], number, np.uint8)).numpy() if number % 2 else _jpeg(number)
        for number in range(COUNT)
    ]
    names = ("{}.png", "label/{}.png", "\udcff{}.png", "{}.PNG", ".{}.png", "train/a/{}.png", "{}" + "x" * 200 + ".png")
    while True:
        shutil.rmtree(folder / "all", ignore_errors=True)
        name = names[int(random.choice(len(names), p=[0.4, 0.2, *[0.08] * 5]))]
        for number, picture in enumerate(pictures):
            path = folder / "all" / name.format(number)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(damaged(picture, random) if random.random() < 0.1 else picture)
        corrupt = str(random.choice(["stop", "skip"]))
        yield lambda corrupt=corrupt: _is_read(folder_source(folder / "all", "train", corrupt))


def _is_read(source: Source) -> bool:
    return sum(1 for _ in source.examples) == source.count > 0


def _jpeg(number: int) -> bytes:
    return tf.io.encode_jpeg(np.full([3, 2, 3], number, np.uint8)).numpy()


def tables(random: np.random.Generator, folder: Path) -> Iterator:
    """Damaged attributes.csv: refused, or the text that Python's csv reads from it."""
    place = folder / "pictures"
    place.mkdir()
    for number in range(COUNT):
        (place / f"{number}.png").write_bytes(tf.io.encode_png(np.zeros([2, 2, 1], np.uint8)).numpy())
    text = "file,name\n" + "".join(f'{number}.png,"n, {number}"\n' for number in range(COUNT))
    while True:
        content = damaged(text.encode(), random)
        (place / "attributes.csv").write_bytes(content)
        yield lambda content=content: _names(place) == _expected(content)


def _names(place: Path) -> set[str]:
    found: set[str] = set()
    for split in ("train", "held-out"):
        labels = folder_source(place, split).labels()
        found |= {str(name) for column in labels.values() for name in column}
    return found


def _expected(content: bytes) -> set[str]:
    header, *rows = [row for row in csv.reader(io.StringIO(content.decode("utf-8-sig"))) if row]
    columns = [place for place, name in enumerate(header) if name != "file"]
    return {row[place] for row in rows for place in columns}


def exports(random: np.random.Generator, folder: Path) -> Iterator:
    """A damaged file of an exported version: refused, or the same codes."""
    version = exported(folder / "whole")
    images = random.random([2, 3, 7, 5, 1], np.float32)
    expected = ServedModel(version).encode(images).z_mean
    files = sorted(path for path in version.rglob("*") if path.is_file())
    while True:
        shutil.rmtree(folder / "copy", ignore_errors=True)
        copy = shutil.copytree(version, folder / "copy" / "1")
        file = copy / files[random.integers(len(files))].relative_to(version)
        file.write_bytes(damaged(file.read_bytes(), random))
        yield lambda copy=copy: np.array_equal(ServedModel(copy).encode(images).z_mean, expected)


def exported(folder: Path) -> Path:
    """A small model as version 1 in the folder."""
    keras.utils.set_random_seed(0)
    sizes = {"hidden_units": 5, "local_size": 3, "global_size": 4, "components": 2}
    return export.export(build_model(presets.model_config("ug-vae", sizes), (7, 5, 1)), folder)


def configurations(random: np.random.Generator, folder: Path) -> Iterator:
    """config.json with strange values, or damaged: refused, or settings that are written and read again."""
    text = configuration.to_json(Config())
    while True:
        changed = damaged(text.encode(), random).decode(errors="replace")
        if random.random() < 0.7:
            content = json.loads(text)
            part = content[str(random.choice(["data", "model", "training"]))]
            part[str(random.choice(list(part)))] = STRANGE[random.integers(len(STRANGE))]
            changed = json.dumps(content)
        yield lambda changed=changed: _is_stable(changed)


def _is_stable(text: str) -> bool:
    written = configuration.to_json(configuration.from_json(text))
    return configuration.to_json(configuration.from_json(written)) == written
