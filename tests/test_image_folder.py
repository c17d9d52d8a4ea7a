"""One's own images in a folder: layouts, file formats, damaged files, and labels in attributes.csv."""

import io
import os
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from ugvae_tf.config import DataConfig
from ugvae_tf.datasets.image_files import decoded
from ugvae_tf.datasets.loading import count_held_out, open_run
from ugvae_tf.datasets.own_images import folder_source
from ugvae_tf.datasets.validation_split import HeldBack
from ugvae_tf.errors import UserError

COLOUR = np.random.default_rng(0).integers(256, size=(5, 7, 3), dtype=np.uint8)
GREY = COLOUR[..., 0]
OPACITY = COLOUR[..., 1]


def place(folder, *paths, value=0):
    """PNG files of 3x2 pixels, each grey value one more than that of the file before."""
    for number, path in enumerate(paths):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(tf.io.encode_png(np.full((3, 2, 1), value + number, np.uint8)).numpy())
    return folder


def numbered(pattern, count):
    return [pattern.format(number) for number in range(count)]


def rows(source):
    """The examples as (grey value, other labels by name), sorted."""
    found = [{key: value.numpy() for key, value in example.items()} for example in source.examples]
    assert len(found) == source.count
    return sorted(((int(row.pop("image")[0, 0, 0]), row) for row in found), key=lambda row: row[0])


def test_image_folder_layout_keeps_its_splits_and_labels(tmp_path):
    place(tmp_path, "train/cat/a.png", "train/dog/b.PNG", "val/cat/c.png", "test/dog/d.png", "test/cat/.e.png")
    assert rows(folder_source(tmp_path, "train")) == [(0, {"label": b"cat"}), (1, {"label": b"dog"})]
    assert rows(folder_source(tmp_path, "held-out")) == [(3, {"label": b"dog"})]


@pytest.mark.parametrize("held_out", ["val", "validation"])
def test_splits_need_no_labels(tmp_path, held_out):
    place(tmp_path, "train/a.png", "train/b.png", f"{held_out}/c.png")
    assert rows(folder_source(tmp_path, "train")) == [(0, {}), (1, {})]
    assert rows(folder_source(tmp_path, "held-out")) == [(2, {})]


@pytest.mark.parametrize("pattern", ["{}.png", "car/{}.png", "train/{}.png", "train/car/{}.png"])
def test_without_held_out_images_a_tenth_is_held_out_the_same_every_time(tmp_path, pattern):
    first = place(tmp_path / "first", *numbered(pattern, 31))
    second = tmp_path / "second"
    for number in reversed(range(31)):  # another order on the disk
        place(second, pattern.format(number), value=number)
    train, held_out = ([value for value, _ in rows(folder_source(first, split))] for split in ("train", "held-out"))
    assert len(held_out) == 3 and sorted(train + held_out) == list(range(31))
    assert held_out == [value for value, _ in rows(folder_source(second, "held-out"))] != [0, 1, 2]


def test_train_may_be_one_label_of_many(tmp_path):
    place(tmp_path, *numbered("train/{}.png", 6), *numbered("car/{}.png", 5))
    labels = {row["label"] for split in ("train", "held-out") for _, row in rows(folder_source(tmp_path, split))}
    assert labels == {b"train", b"car"}


def test_labels_may_be_links_to_folders(tmp_path):
    place(tmp_path / "elsewhere", "a.png", "b.png")
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "cat").symlink_to(tmp_path / "elsewhere")
    assert [row["label"] for _, row in rows(folder_source(tmp_path / "images", "train"))] == [b"cat"]


@pytest.mark.parametrize(
    ("paths", "told"),
    [
        ([], "has no images: put .png"),
        (["notes.txt"], "has no images: put .png"),
        (["a.png", "cat/b.png"], "holds a.png and cat/b.png: arrange"),
        (["x/y/z/a.png"], "holds x/y/z/a.png and x/y/z/a.png: arrange"),
        (["x/cat/a.png"], "has no folder `train`"),
        (["a.png"], "has no images for the split 'train': give it at least two"),
    ],
)
def test_a_folder_without_usable_images_is_told(tmp_path, paths, told):
    with pytest.raises(UserError) as caught:
        folder_source(place(tmp_path, *paths), "train")
    assert told in str(caught.value) and str(tmp_path) in str(caught.value)
    with pytest.raises(UserError, match="nowhere` is not a folder"):
        folder_source(tmp_path / "nowhere", "train")


def file_of(image, kind, **options):
    content = io.BytesIO()
    image.save(content, kind, **options)
    return content.getvalue()


def on_white(image, opacity):
    return np.rint(image * (opacity / 255) + 255 - opacity)


PALETTE = Image.fromarray(COLOUR).quantize(16)
FORMATS = {
    "colour.png": (file_of(Image.fromarray(COLOUR), "PNG"), COLOUR),
    "grey.png": (file_of(Image.fromarray(GREY), "PNG"), GREY[..., None]),
    "black and white.png": (file_of(Image.fromarray(GREY > 99), "PNG"), 255 * (GREY > 99)[..., None]),
    "16 bits.png": (tf.io.encode_png(COLOUR.astype(np.uint16) * 257).numpy(), COLOUR),
    "16 bits grey.png": (file_of(Image.fromarray(GREY.astype(np.uint16) * 257), "PNG"), GREY[..., None]),
    "transparent.png": (
        file_of(Image.fromarray(np.dstack([COLOUR, OPACITY])), "PNG"),
        on_white(COLOUR, OPACITY[..., None]),
    ),
    "transparent grey.png": (
        file_of(Image.fromarray(np.dstack([GREY, OPACITY])), "PNG"),
        on_white(GREY, OPACITY)[..., None],
    ),
    "palette.png": (file_of(PALETTE, "PNG"), np.asarray(PALETTE.convert("RGB"))),
    "transparent palette.png": (
        file_of(PALETTE, "PNG", transparency=3),
        np.where(np.asarray(PALETTE)[..., None] == 3, 255, np.asarray(PALETTE.convert("RGB"))),
    ),
    "moving.gif": (
        file_of(PALETTE, "GIF", save_all=True, append_images=[PALETTE.rotate(180)]),
        np.asarray(PALETTE.convert("RGB")),
    ),
    "colour.bmp": (file_of(Image.fromarray(COLOUR), "BMP"), COLOUR),
}


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gives_bytes_of_one_or_three_channels(name):
    content, expected = FORMATS[name]
    image = decoded(tf.constant(content))
    assert image.dtype == tf.uint8 and image.shape == expected.shape
    assert np.abs(image.numpy().astype(int) - expected).max() <= (1 if "transparent" in name else 0)


def test_images_of_all_formats_and_sizes_are_read_together(tmp_path):
    for name, (content, _) in FORMATS.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "photo.JPEG").write_bytes(file_of(Image.fromarray(COLOUR).resize((13, 3)), "JPEG"))
    shapes = {
        tuple(example["image"].shape)
        for split in ("train", "held-out")
        for example in folder_source(tmp_path, split).examples
    }
    assert shapes == {(5, 7, 3), (5, 7, 1), (3, 13, 3)}


DAMAGED = {
    "truncated.png": FORMATS["colour.png"][0][:-20],
    "empty.png": b"",
    "text.jpg": b"not an image",
    "palette.bmp": file_of(PALETTE, "BMP"),  # TensorFlow would decode it to wrong values
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_image_is_named_or_left_out(tmp_path, capsys, name):
    place(tmp_path, *numbered("{:03}.png", 40))
    (tmp_path / name).write_bytes(DAMAGED[name])
    splits = {}
    for split in ("train", "held-out"):
        splits[split] = folder_source(tmp_path, split, "skip")
    printed = capsys.readouterr().out
    assert sum(source.count for source in splits.values()) == 40 == sum(len(rows(source)) for source in splits.values())
    assert printed.count("\n") == 1 and "Left out 1 of" in printed and name in printed
    with pytest.raises(UserError, match=rf"{name} cannot be decoded, the first of 1 such .*`corrupt=skip`"):
        for split in ("train", "held-out"):
            folder_source(tmp_path, split)


@pytest.mark.slow
def test_a_run_checks_every_image_once_and_only_counts_the_held_out_ones(tmp_path, capsys):
    place(tmp_path, *numbered("{:03}.png", 40))
    for split in ("train", "held-out"):
        grey, _ = rows(folder_source(tmp_path, split))[0]  # that of the file with this number
        (tmp_path / f"{grey:03}.png").write_bytes(b"not an image")
    data = DataConfig("folder", str(tmp_path), image_size=3, corrupt="skip")
    train, validation = open_run(data, HeldBack(0.2))
    printed = capsys.readouterr().out
    assert printed.count("Left out 1 of 36 images") == 1 == printed.count("\n")
    assert len(train) + len(validation) == 35
    assert count_held_out(replace(data, corrupt="stop")) == 4
    assert capsys.readouterr().out == ""


@pytest.fixture
def open_folder():
    """A folder that every user can reach."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def make_pipe(folder):
    os.mkfifo(folder / "cat" / "pipe.png")
    return "pipe.png"


def make_link_to_a_device(folder):
    (folder / "cat" / "null.png").symlink_to("/dev/null")
    return "null.png"


def make_name_that_is_not_utf_8(folder):
    Path(os.fsdecode(os.fsencode(folder / "cat") + b"/\xff.png")).touch()
    return "\ufffd.png"


def make_folder_of_nobody(folder):
    (folder / "dog").chmod(0)
    return "dog"


@pytest.mark.parametrize("make", [make_pipe, make_link_to_a_device, make_name_that_is_not_utf_8, make_folder_of_nobody])
def test_what_cannot_be_read_is_named_or_left_out_and_counted(open_folder, capsys, make):
    place(open_folder, *numbered("cat/{:02}.png", 10), *numbered("dog/{:02}.png", 10))
    name = make(open_folder)
    user = os.geteuid()
    try:
        if user == 0 and make is make_folder_of_nobody:
            os.seteuid(65534)  # the superuser could read it
        with pytest.raises(UserError, match=rf"{name} cannot be read, the first of 1 such.*`corrupt=skip`"):
            folder_source(open_folder, "train")
        kept = folder_source(open_folder, "train", "skip")
    finally:
        os.seteuid(user)
        (open_folder / "dog").chmod(0o755)
    assert kept.count == (9 if make is make_folder_of_nobody else 18)
    printed = capsys.readouterr().out
    assert printed.startswith("Left out 1 files or folders that cannot be read") and f"{name}.\n" in printed


def test_a_pipe_in_place_of_the_table_is_told(tmp_path):
    place(tmp_path, "a.png", "b.png")
    os.mkfifo(tmp_path / "attributes.csv")
    with pytest.raises(UserError, match=r"attributes\.csv is not a file that can be read"):
        folder_source(tmp_path, "train")


def test_nothing_but_damaged_images_is_told(tmp_path):
    for name, content in DAMAGED.items():
        (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match="the first of 3 such among 3 images"):
        folder_source(tmp_path, "train")
    with pytest.raises(UserError, match="has no images for the split 'train'"):
        folder_source(tmp_path, "train", "skip")


def test_attributes_of_images_have_their_types(tmp_path):
    place(tmp_path, "train/cat/a.png", "train/dog/b.png", "test/cat/c.png")
    (tmp_path / "attributes.csv").write_text(
        "file,male,age,size,hair,mixed\n"
        'test/cat/c.png,True,3,0.5,"black, long",1\n'
        "train/dog/b.png,false,-4,1e-3,blond,x\n\n"
        "train/cat/a.png,true,5,nan,,\n",
        encoding="utf-8-sig",
    )
    (_, first), (_, second) = rows(folder_source(tmp_path, "train"))
    ((_, third),) = rows(folder_source(tmp_path, "held-out"))
    assert [row["male"] for row in (first, second, third)] == [True, False, True] and first["male"].dtype == bool
    assert [row["age"] for row in (first, second, third)] == [5, -4, 3] and first["age"].dtype == np.int64
    assert [row["size"] for row in (second, third)] == [np.float32(1e-3), 0.5] and first["size"].dtype == np.float32
    assert [row["hair"] for row in (first, second, third)] == [b"", b"blond", b"black, long"]
    assert [row["mixed"] for row in (first, second, third)] == [b"", b"x", b"1"]
    assert [row["label"] for row in (first, second, third)] == [b"cat", b"dog", b"cat"]


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("", "has no column 'file': its columns are none"),
        ("name,male\nx/a.png,1", "has no column 'file': its columns are name, male"),
        ("file,male\nx/a.png,1", r"has no row for x/b.png: add"),
        ("file,male\nx/a.png,1\nx/b.png,1\nc.png,1", r"names c.png, which is no image beside it: .* x/a.png"),
        ("file,male\nx/a.png,1\nx/b.png,1\nx/a.png,0", "names x/a.png twice"),
        ("file,male\nx/a.png,1\nx/b.png", r"Row 3 of .* has 1 cells, but the header has 2"),
        ("file,male,male\nx/a.png,1,1\nx/b.png,1,1", "has a name twice: file, male, male"),
        ("file,label\nx/a.png,1\nx/b.png,0", "column 'label' of .* is there already"),
        ("file,image\nx/a.png,1\nx/b.png,0", "column 'image' of .* is there already"),
        ("file,\xff\n", "is not a CSV file"),
    ],
)
def test_attributes_that_do_not_fit_the_images_are_told(tmp_path, table, told):
    place(tmp_path, "x/a.png", "x/b.png")
    (tmp_path / "attributes.csv").write_text(table, encoding="latin-1")
    with pytest.raises(UserError, match=told) as caught:
        folder_source(tmp_path, "train")
    assert "attributes.csv" in str(caught.value) and "\n" not in str(caught.value)
