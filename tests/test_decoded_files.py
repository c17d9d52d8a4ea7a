"""Decoded images in a file: the same images, one decoding, and no harm from a damaged file."""

from dataclasses import replace

import numpy as np
import pytest

from ugvae_tf.config import DataConfig
from ugvae_tf.datasets.decoded_files import fingerprint
from ugvae_tf.datasets.image_set import ImageSet
from ugvae_tf.datasets.loading import load_split, open_run, open_training
from ugvae_tf.datasets.source import IMAGE, PLACE, Source, as_columns
from ugvae_tf.datasets.validation_split import HeldBack


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """The folder of the kept files."""
    monkeypatch.setenv("UGVAE_TF_CACHE", str(tmp_path / "kept"))
    return tmp_path / "kept"


@pytest.fixture
def tiny(tiny_data_dir):
    return DataConfig("tiny", str(tiny_data_dir), group_size=5)


def in_memory(images: ImageSet) -> ImageSet:
    """A copy of images that are mapped from a file that the test changes."""
    return replace(images, images=images.images.copy())


def assert_same(one: ImageSet, other: ImageSet) -> None:
    np.testing.assert_array_equal(one.images, other.images)
    assert one.images.dtype == other.images.dtype and one.labels.keys() == other.labels.keys()
    for name, values in one.labels.items():
        np.testing.assert_array_equal(values, other.labels[name])
        assert values.dtype == other.labels[name].dtype


@pytest.mark.parametrize("binarise", [False, True])
def test_the_images_are_those_of_the_prepared_set(kept, tiny, binarise):
    data = replace(tiny, binarise=binarise)
    expected = load_split(replace(data, image_cache=False), "held-out")
    assert not kept.exists()
    for _ in range(2):  # decoded, then mapped
        assert_same(load_split(data, "held-out"), expected)
    assert len(list(kept.iterdir())) == 1


@pytest.mark.slow
def test_the_division_for_validation_is_the_same(kept, tiny):
    for one, other in zip(
        open_run(tiny, HeldBack(0.1)), open_run(replace(tiny, image_cache=False), HeldBack(0.1)), strict=True
    ):
        assert_same(one, other)


def test_a_later_start_reads_the_file_and_not_the_set(kept, tiny):
    before = in_memory(load_split(tiny, "held-out"))
    [folder] = kept.iterdir()
    np.save(folder / "image.npy", 255 - before.images)
    np.testing.assert_array_equal(load_split(tiny, "held-out").images, 255 - before.images)


@pytest.mark.parametrize("damage", ["cut", "fewer", "missing", "no labels"])
def test_a_damaged_file_is_written_again(kept, tiny, damage):
    before = in_memory(load_split(tiny, "held-out"))
    [folder] = kept.iterdir()
    file = folder / ("labels.npz" if damage == "no labels" else "image.npy")
    if damage == "fewer":
        np.save(file, before.images[:-1])
    elif damage == "missing":
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[:-40])
    assert_same(load_split(tiny, "held-out"), before)
    assert [each.name for each in kept.iterdir()] == [folder.name]
    assert len(np.load(folder / "image.npy")) == 17


def test_nothing_is_kept_without_the_setting_or_where_that_is_not_possible(kept, tiny):
    without = load_split(replace(tiny, image_cache=False), "held-out")
    streamed = open_training(replace(tiny, memory_limit=1e-9))
    assert not kept.exists() and len(streamed) == 503
    kept.write_text("not a folder")
    assert_same(load_split(tiny, "held-out"), without)


def test_the_fingerprint_depends_on_content_and_names_and_not_on_the_place(tmp_path):
    files = [tmp_path / name for name in ("one", "two", "other")]
    for file, content in zip(files, (b"records", b"records", b"record"), strict=True):
        file.write_bytes(content)
    one, two, other = ([fingerprint([file], "train")] for file in files)
    assert one == two != other and one != [fingerprint([files[0]], "test")]


def test_a_source_of_arrays_gives_what_a_stream_of_them_gives():
    random = np.random.default_rng(0)
    arrays = {
        IMAGE: random.integers(256, size=(2503, 2, 3, 1), dtype=np.uint8),
        "name": np.array([f"ä{i}" for i in range(2503)]),
    }
    source = Source.of(arrays)
    mask, numbers = random.random(2503) < 0.5, np.arange(2503)
    changed = source.with_label(PLACE, numbers).with_label("number", numbers).chosen(mask).take(900)
    assert changed.labels().keys() == {"name", "number"} and changed.count == 900
    expected = {IMAGE: arrays[IMAGE][mask][:900], "name": arrays["name"][mask][:900], "number": numbers[mask][:900]}
    for found in (changed.columns(), as_columns(changed.examples)):
        for name, values in expected.items():
            np.testing.assert_array_equal(found[name], values)
    doubled = source.map(lambda example: {**example, IMAGE: 2 * example[IMAGE]})
    np.testing.assert_array_equal(doubled.columns()[IMAGE], 2 * arrays[IMAGE])
