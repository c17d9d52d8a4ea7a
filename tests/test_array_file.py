"""One's own images in an .npz file: what is accepted, and what is told."""

import io
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from ugvae_tf.commands.flags import as_flags
from ugvae_tf.datasets.array_file import read_arrays
from ugvae_tf.datasets.own_images import npz_source
from ugvae_tf.errors import UserError

COUNT = 21
BYTES = np.random.default_rng(0).integers(256, size=(COUNT, 5, 3, 3), dtype=np.uint8)
NUMBERS = np.arange(COUNT)


def saved(folder, **arrays):
    np.savez(folder / "faces.npz", **arrays)
    return folder / "faces.npz"


def columns(file):
    """The columns of both splits together, by the number of the image, and how many are of each split."""
    sources = [npz_source(file, split) for split in ("train", "held-out")]
    examples = [{key: value.numpy() for key, value in row.items()} for source in sources for row in source.examples]
    examples.sort(key=lambda row: row["number"])
    return {key: np.stack([row[key] for row in examples]) for key in examples[0]}, [source.count for source in sources]


def test_images_and_labels_are_kept_and_a_tenth_is_held_out(tmp_path):
    names = np.array(["black", "blond"])[NUMBERS % 2]
    found, counts = columns(saved(tmp_path, image=BYTES, number=NUMBERS, male=NUMBERS > 9, hair=names))
    assert counts == [19, 2] and np.array_equal(found["number"], NUMBERS)
    assert np.array_equal(found["image"], BYTES) and found["image"].dtype == np.uint8
    assert np.array_equal(found["male"], NUMBERS > 9) and found["hair"].tolist() == [name.encode() for name in names]


def test_the_tenth_is_the_same_every_time(tmp_path):
    file = saved(tmp_path, image=BYTES, number=NUMBERS)
    first, again = ([row["number"].numpy() for row in npz_source(file, "held-out").examples] for _ in range(2))
    assert first == again


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_floats_become_the_bytes_that_they_were(tmp_path, dtype):
    found, _ = columns(saved(tmp_path, image=(BYTES / 255).astype(dtype), number=NUMBERS))
    assert np.array_equal(found["image"], BYTES) and found["image"].dtype == np.uint8


def test_grey_images_need_no_channel(tmp_path):
    found, _ = columns(saved(tmp_path, image=BYTES[..., 0], number=NUMBERS))
    assert np.array_equal(found["image"], BYTES[..., :1])


def test_a_table_beside_the_file_adds_labels(tmp_path):
    file = saved(tmp_path, image=BYTES, number=NUMBERS)
    file.with_suffix(".csv").write_text("age\n" + "\n".join(str(number / 2) for number in NUMBERS))
    assert np.allclose(columns(file)[0]["age"], NUMBERS / 2)
    file.with_suffix(".csv").write_text("age\n1\n2\n")
    with pytest.raises(UserError, match=r"faces\.csv needs a row for each of the 21 images"):
        npz_source(file, "train")
    file.with_suffix(".csv").write_text("number\n" + "\n".join(map(str, NUMBERS)))
    with pytest.raises(UserError, match=r"column 'number' of .*faces\.csv is there already"):
        npz_source(file, "train")


@pytest.mark.parametrize(
    ("arrays", "told"),
    [
        ({}, "has no array 'image': its arrays are none"),
        ({"images": BYTES, "label": NUMBERS}, "has no array 'image': its arrays are images, label"),
        ({"image": BYTES[0, 0]}, r"'image' .* has shape \(3, 3\).*: it has to be \[N, H, W\] or"),
        ({"image": BYTES[..., :2]}, r"'image' .* has shape \(21, 5, 3, 2\): it has to be"),
        ({"image": BYTES[:0]}, r"'image' .* has shape \(0, 5, 3, 3\): it has to be"),
        ({"image": BYTES.astype(np.int64)}, "is int64: it has to be uint8, or floats between 0 and 1"),
        ({"image": BYTES.astype(np.float32)}, "is float32: it has to be uint8, or floats between 0 and 1"),
        ({"image": np.full((3, 2, 2), np.nan)}, "is float64: it has to be uint8, or floats between 0 and 1"),
        ({"image": BYTES, "label": NUMBERS[1:]}, r"'label' .* is int64 \(20,\): a label needs one number"),
        ({"image": BYTES, "box": np.ones((COUNT, 4))}, r"'box' .* is float64 \(21, 4\): a label needs one number"),
        ({"image": BYTES, "day": NUMBERS.astype("M8[D]")}, r"'day' .* is datetime64\[D\] \(21,\): a label needs"),
        ({"image": BYTES, "label": np.array([{}] * COUNT)}, "pickled objects, which are refused"),
        ({"image": BYTES[:1]}, "has one image only"),
    ],
)
def test_arrays_that_are_no_images_and_labels_are_told(tmp_path, arrays, told):
    with pytest.raises(UserError, match=told) as caught:
        npz_source(saved(tmp_path, **arrays), "train")
    assert "faces.npz" in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["seed", "epochs"])
def test_an_array_that_has_the_name_of_a_setting_is_no_flag(tmp_path, name):
    file = saved(tmp_path, image=BYTES, **{name: NUMBERS[1:]})
    with pytest.raises(UserError) as caught:
        npz_source(file, "train")
    assert f"'{name}'" in as_flags(str(caught.value)) and "--" not in as_flags(str(caught.value))


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("order", ["C", "F"])
def test_an_array_larger_than_the_memory_is_read_where_it_lies(tmp_path, dtype, order):
    images = np.asarray(BYTES if dtype == np.uint8 else (BYTES / 255).astype(dtype), order=order)
    file = saved(tmp_path, label=NUMBERS, image=images)
    for split in ("train", "held-out"):
        mapped, read = (npz_source(file, split, limit) for limit in (1e-6, 1.0))
        for one, other in zip(mapped.examples, read.examples, strict=True):
            np.testing.assert_array_equal(one["image"], other["image"])
            assert one["label"] == other["label"]
        assert mapped.examples.element_spec["image"].shape == (5, 3, 3) and mapped.labels().keys() == {"label"}


def own_memory() -> int:
    """Bytes of this process that are no copy of a file: the kernel cannot take them back."""
    [line] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("RssAnon")]
    return int(line.split()[1]) * 1024


@pytest.mark.parametrize("read", [False, True])
def test_a_mapped_array_takes_no_memory_of_the_process(tmp_path, read):
    """The memory limit is for images in memory: pages of a mapped file are the kernel's, which drops them at will."""
    np.savez(tmp_path / "large.npz", image=np.full((500, 320, 300), 7, np.uint8))  # 48 MB
    before = own_memory()
    images = read_arrays(tmp_path / "large.npz", 1.0 if read else 0.01)["image"]
    assert sum(int(image.max()) for image in images) == 3500 and isinstance(images, np.memmap) != read
    assert (own_memory() - before > 40e6) == read


@pytest.mark.parametrize(
    "labels", [NUMBERS.astype(">i8"), NUMBERS / 2 > 3, NUMBERS.astype(np.uint64), NUMBERS.astype("S3")]
)
def test_labels_of_every_common_type_are_read(tmp_path, labels):
    assert len(npz_source(saved(tmp_path, image=BYTES, label=labels), "train").labels()["label"]) == 19


@pytest.mark.parametrize("labels", [NUMBERS.astype(np.longdouble), np.array(["\ud800"] * COUNT)])
def test_a_label_that_tensorflow_cannot_take_is_told(tmp_path, labels):
    with pytest.raises(UserError, match=r"The label 'label' is .*, and TensorFlow cannot take it"):
        npz_source(saved(tmp_path, image=BYTES, label=labels), "train")


def test_a_mapped_array_is_checked_too(tmp_path):
    file = saved(tmp_path, image=np.full((1500, 2, 2), np.where(np.arange(1500) == 1400, 2.0, 0.5)[:, None, None]))
    with pytest.raises(UserError, match="is float64: it has to be uint8, or floats between 0 and 1"):
        npz_source(file, "train", 1e-9)


def test_a_compressed_array_that_does_not_fit_is_told_before_it_is_read(tmp_path):
    np.savez_compressed(tmp_path / "faces.npz", image=np.zeros((1000, 100, 100), np.uint8))
    with pytest.raises(
        UserError, match=r"needs 0\.01 gigabytes: give a larger `memory_limit`, or write .*numpy\.savez"
    ):
        npz_source(tmp_path / "faces.npz", "train", 0.001)


def forged(folder, shape, content=b"", flags=0):
    """An .npz file whose header has the shape."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"shape": shape, "fortran_order": False, "descr": "|u1"})
    with zipfile.ZipFile(folder / "faces.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("image.npy", header.getvalue() + content)
    text = (folder / "faces.npz").read_bytes()
    (folder / "faces.npz").write_bytes(
        text.replace(b"PK\x01\x02\x14\x03\x14\x00\x00", b"PK\x01\x02\x14\x03\x14\x00" + bytes([flags]))
    )
    return folder / "faces.npz"


@pytest.mark.parametrize(
    ("shape", "content", "flags"),
    [((10**12, 28, 28), b"1", 0), ((2, 2, 2), b"1234567", 0), ((-1, 2, 2), b"", 0), ((2, 2, 2), b"12345678", 1)],
    ids=["huge", "cut", "negative", "encrypted"],
)
def test_a_header_that_does_not_fit_its_content_is_told(tmp_path, shape, content, flags):
    with pytest.raises(UserError, match=r"cannot be read .*: it is damaged or holds pickled objects"):
        npz_source(forged(tmp_path, shape, content, flags), "train")


def test_a_file_that_is_no_npz_is_told(tmp_path):
    file = tmp_path / "faces.npz"
    with pytest.raises(UserError, match=r"faces\.npz` is not a file: give the \.npz file"):
        npz_source(file, "train")
    file.write_bytes(pickle.dumps({"image": BYTES}))
    with pytest.raises(UserError, match=r"is not an \.npz file \(pickled files are refused\)"):
        npz_source(file, "train")
    np.save(tmp_path / "faces.npy", BYTES)
    with pytest.raises(UserError, match=r"is not an \.npz file"):
        npz_source(tmp_path / "faces.npy", "train")


def test_a_damaged_npz_is_told(tmp_path):
    file = saved(tmp_path, image=BYTES)
    content = bytearray(file.read_bytes())
    content[200:400] = bytes(200)
    file.write_bytes(content)
    with pytest.raises(UserError, match=r"faces\.npz cannot be read .*it is damaged"):
        npz_source(file, "train")
