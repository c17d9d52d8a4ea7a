"""Codes of groups in a stream: equal to those of whole groups, from any source and in any order."""

import functools
from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf
from small_models import EXTENDED

import ugvae_tf as ug
from ugvae_tf.codes import symmetric_kl
from ugvae_tf.errors import UserError
from ugvae_tf.groups.encode import encode, encode_with_images, opened
from ugvae_tf.groups.stream import encoded
from ugvae_tf.serving import expert_codes
from ugvae_tf.serving.group_table import GroupTable
from ugvae_tf.serving.served_model import ServedModel

SHAPE = (6, 6, 3)
SIZES = {"b": 1, "a": 2, "c": 17, "d": 3}  # images of each group, not in the order of the names
KINDS = [
    {},
    EXTENDED,
    {"model": "gm-vae"},
    {"model": "ml-vae"},
    {"model": "nested-vae"},
    {"expert_variance": "free", "prior_expert": True, "global_prior": "learned"},
    {"model": "gm-vae", "component_posterior": "optimal"},
]


@pytest.fixture(scope="module")
def served(exported):
    """By settings: a loaded export, which tests only call."""

    @functools.cache
    def loaded(**settings):
        return ServedModel(exported(**({"image_shape": SHAPE} | settings))[1])

    return loaded


def images_of(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Images [23, 6, 6, 3], bytes, in random order, and the group of each."""
    random = np.random.default_rng(seed)
    groups = random.permutation(np.repeat(list(SIZES), list(SIZES.values())))
    return random.integers(256, size=(len(groups), *SHAPE), dtype=np.uint8), groups


def written(folder, images: np.ndarray, groups: np.ndarray) -> list[str]:
    """PNG files, one for each image, in a folder for each group; their paths in the folder."""
    names = [f"{group}/{place:02}.png" for place, group in enumerate(groups)]
    for name, image in zip(names, images, strict=True):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(tf.io.encode_png(image).numpy())
    return names


def assert_equal_codes(found: GroupTable, expected: GroupTable) -> None:
    assert found.group.astype(str).tolist() == expected.group.astype(str).tolist()
    assert found.images.tolist() == expected.images.tolist()
    for name in ("beta_mean", "beta_stddev", "component_probs"):
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("settings", [KINDS[0], *(pytest.param(each, marks=pytest.mark.slow) for each in KINDS[1:])])
def test_a_stream_gives_the_codes_of_whole_groups(served, settings, monkeypatch):
    monkeypatch.setattr(expert_codes, "PIXELS_PER_CALL", 1)
    monkeypatch.setattr(expert_codes, "LEAST_PER_CALL", 5)
    model, (images, groups) = served(**settings), images_of()
    table = encode(images, model, group_by=groups)
    assert table.group.tolist() == sorted(SIZES)
    for row, name in enumerate(table.group):
        codes = model.encode(images[groups == name])
        assert table.images[row] == SIZES[name]
        np.testing.assert_allclose(table.beta_mean[row], codes.beta_mean[0], rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(table.beta_stddev[row], codes.beta_stddev[0], rtol=1e-5, atol=1e-6)
        shares = codes.component_probs[0].mean(axis=0)
        np.testing.assert_allclose(table.component_probs[row], shares, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", [object, "S", np.dtypes.StringDType()], ids=["object", "bytes", "text"])
def test_groups_of_any_kind_of_name_are_written_as_text(served, tmp_path, kind):
    images, groups = images_of()
    found = encode(images, served(), group_by=groups.astype(kind))
    assert found.group.tolist() == sorted(SIZES)
    found.write(tmp_path / "codes.npz")
    assert_equal_codes(GroupTable.read(tmp_path / "codes.npz"), found)
    as_bytes = np.array([f"ä{group}".encode() for group in groups], object)
    assert encode(images, served(), group_by=as_bytes).group.tolist() == [f"ä{group}" for group in sorted(SIZES)]
    np.savez(tmp_path / "images.npz", image=images, group=groups.astype("S"))
    assert_equal_codes(encode(tmp_path / "images.npz", served()), found)


def test_a_column_of_objects_is_refused_before_it_is_lost(served, tmp_path):
    found = encode(*images_of()[:1], served())
    table = replace(found, group=found.group.astype(object))
    with pytest.raises(UserError, match="Python objects cannot be written"):
        table.write(tmp_path / "codes.npz")
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_numbers_with_leading_zeros_are_names(served, tmp_path):
    names = written(tmp_path, *images_of())
    table = "".join(f"{name},{'007' if place % 2 else '7'}\n" for place, name in enumerate(names))
    (tmp_path / "images.csv").write_text(f"path,group\n{table}")
    assert encode(tmp_path / "images.csv", served()).group.tolist() == ["007", "7"]


def test_the_order_of_the_images_changes_nothing(served):
    model, (images, groups) = served(**EXTENDED), images_of()
    order = np.random.default_rng(1).permutation(len(images))
    first, second = (encode(images[o], model, group_by=groups[o]) for o in (slice(None), order))
    assert_equal_codes(first, second)


def test_rows_of_images_sum_to_the_codes_of_groups(served):
    for settings in (EXTENDED, {}):
        model, (images, groups) = served(**settings), images_of()
        table, rows = encode_with_images(images, model, group_by=groups)
        assert rows.image.tolist() == list(range(len(images)))
        assert rows.group.tolist() == groups.tolist()
        prior, prior_mean = model.prior_parameters()
        for place, name in enumerate(table.group):
            chosen = rows.group == name
            precision = rows.precision[chosen].sum(axis=0, dtype=float) + prior
            mean = (rows.precision_mean[chosen].sum(axis=0, dtype=float) + prior_mean) / precision
            np.testing.assert_allclose(mean, table.beta_mean[place], rtol=1e-4, atol=1e-5)
            codes = model.encode(images[groups == name])
            np.testing.assert_allclose(rows.component_probs[chosen], codes.component_probs[0], rtol=1e-4, atol=1e-5)
            np.testing.assert_allclose(rows.z_mean[chosen], codes.z_mean[0], rtol=1e-4, atol=1e-5)


def test_every_kind_of_source_gives_the_same_codes(served, tmp_path):
    model, (images, groups) = served(), images_of()
    expected = encode(images, model, group_by=groups)
    names = written(tmp_path / "albums", images, groups)
    assert_equal_codes(encode(tmp_path / "albums", model), expected)
    rows = "".join(f"{name},{group}\n" for name, group in zip(names, groups, strict=True))
    (tmp_path / "albums" / "list.csv").write_text("path,group\n" + rows)
    assert_equal_codes(encode(tmp_path / "albums" / "list.csv", model), expected)
    (tmp_path / "albums" / "attributes.csv").write_text("file,owner\n" + rows)
    assert_equal_codes(encode(tmp_path / "albums", model, group_by="owner"), expected)
    np.savez(tmp_path / "plain.npz", image=images, group=groups)
    np.savez_compressed(tmp_path / "packed.npz", image=np.float64(images) / 255, person=groups)
    assert_equal_codes(encode(tmp_path / "plain.npz", model), expected)
    assert_equal_codes(encode(tmp_path / "packed.npz", model, group_by="person"), expected)


@pytest.mark.slow
def test_images_are_cropped_and_resized_as_in_training(served, tmp_path):
    random = np.random.default_rng(0)
    for place, (height, width, channels) in enumerate([(9, 13, 3), (20, 7, 3), (6, 6, 1), (11, 11, 3)]):
        image = random.integers(256, size=(height, width, channels), dtype=np.uint8)
        (tmp_path / f"{place}.png").write_bytes(tf.io.encode_png(image).numpy())
    parts = ug.load_images(tmp_path, image_size=6)
    images = np.concatenate([part.images for part in parts])
    model = served()
    found, expected = encode(tmp_path, model), model.encode(images)
    assert found.group.tolist() == ["all"]
    np.testing.assert_allclose(found.beta_mean, expected.beta_mean, rtol=1e-4, atol=1e-5)


@pytest.mark.slow
def test_colours_become_grey_for_a_model_of_grey_images(served, tmp_path):
    model = served(image_shape=(6, 6, 1))
    images, groups = images_of()
    written(tmp_path, images, groups)
    grey = tf.image.rgb_to_grayscale(images).numpy()
    assert_equal_codes(encode(tmp_path, model), encode(grey, model, group_by=groups))


@pytest.fixture
def damaged(tmp_path):
    """A folder in which one file of `c`, and the only one of `e`, cannot be decoded."""
    images, groups = images_of()
    names = written(tmp_path / "albums", images, groups)
    broken = next(name for name in names if name.startswith("c"))
    (tmp_path / "albums" / broken).write_bytes(b"\x89PNG\r\n\x1a\n and then nothing")
    (tmp_path / "albums" / "e").mkdir()
    (tmp_path / "albums" / "e" / "empty.jpg").touch()
    kept = np.array([name != broken for name in names])
    return tmp_path / "albums", broken, images[kept], groups[kept]


@pytest.mark.slow
def test_a_data_set_by_its_name_has_all_images_of_its_splits(exported):
    model = ServedModel(exported(image_shape=(28, 28, 1))[1])
    table = encode("glyphs", model, group_by="font")
    train, held_out = ug.load_images("glyphs")
    names, counts = np.unique(np.concatenate([train.labels["font"], held_out.labels["font"]]), return_counts=True)
    assert table.group.tolist() == names.tolist()
    assert table.images.tolist() == counts.tolist()
    chosen = held_out.labels["font"] == (name := held_out.labels["font"][0])
    codes = model.encode(held_out.images[chosen])
    np.testing.assert_allclose(table.beta_mean[table.place(name)], codes.beta_mean[0], rtol=1e-4, atol=1e-5)


def test_a_damaged_image_is_named_or_left_out(served, damaged):
    folder, broken, images, groups = damaged
    model = served()
    with pytest.raises(UserError, match=f"{broken} cannot be decoded.*corrupt=skip"):
        encode(folder, model)
    found = encoded(model, opened(folder), "skip")
    assert found.unreadable == [broken, "e/empty.jpg"]
    assert_equal_codes(found.groups, encode(images, model, group_by=groups))


def test_nothing_but_damaged_images_is_an_error(served, tmp_path):
    (tmp_path / "empty.jpg").touch()
    with pytest.raises(UserError, match=r"None of the 1 images can be decoded; the first is empty\.jpg"):
        encode(tmp_path, served(), corrupt="skip")


@pytest.mark.parametrize("format", ["npz", "csv", "parquet"])
@pytest.mark.parametrize("settings", [{}, {"model": "gm-vae"}], ids=str)
def test_files_hold_what_was_written(served, tmp_path, format, settings):
    if format == "parquet":
        pytest.importorskip("pyarrow")
    model, (images, groups) = served(**settings), images_of()
    for table in encode_with_images(images, model, group_by=groups):
        table.write(tmp_path / f"codes.{format}")
        found = type(table).read(tmp_path / f"codes.{format}")
        for name, column in table.columns.items():
            np.testing.assert_array_equal(getattr(found, name).astype(column.dtype), column)
    assert [file.name for file in tmp_path.iterdir()] == [f"codes.{format}"]


def test_an_npz_has_the_documented_arrays(served, tmp_path):
    images, groups = images_of()
    encode(images, served(), group_by=groups).write(tmp_path / "codes.npz")
    with np.load(tmp_path / "codes.npz") as arrays:
        assert set(arrays.files) == {"group", "images", "beta_mean", "beta_stddev", "component_probs"}
        np.testing.assert_allclose(arrays["component_probs"].sum(axis=1), 1, rtol=1e-5)


def test_an_error_while_writing_keeps_the_old_file(tmp_path):
    file = tmp_path / "codes.csv"
    file.write_text("old")
    unequal = GroupTable(np.array(["a"]), np.array([1, 2]), *np.ones([3, 1, 1]))
    with pytest.raises(ValueError, match="zip"):
        unequal.write(file)
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("list.csv", "path,group\na.png,x\n", "None of the 1 images"),
        ("list.csv", "file,group\na.png,x\n", "has no column 'path': it has file, group"),
        ("list.csv", "path,group\n", "names no image"),
        ("list.csv", "path,group\na.png,0.5\n", "is a measurement"),
        ("data.npz", "text", "not an .npz file"),
    ],
)
def test_invalid_sources_are_explained(served, tmp_path, name, content, message):
    (tmp_path / name).write_text(content)
    with pytest.raises(UserError, match=message):
        encode(tmp_path / name, served(), corrupt="skip")


@pytest.mark.slow
def test_a_damaged_array_and_wrong_sizes_are_explained(served, tmp_path):
    images, groups = images_of()
    with pytest.raises(UserError, match="no array 'image': its arrays are other"):
        np.savez(tmp_path / "none.npz", other=images)
        encode(tmp_path / "none.npz", served())
    with pytest.raises(UserError, match="has no column 'font': it has group"):
        np.savez(tmp_path / "one.npz", image=images, group=groups)
        encode(tmp_path / "one.npz", served(), group_by="font")
    with pytest.raises(UserError, match=r"\(6, 6, 3\), but the model takes \(7, 5, 1\)"):
        encode(images, served(image_shape=(7, 5, 1)))
    written(tmp_path / "albums", images, groups)
    with pytest.raises(UserError, match="is not 7x5 pixels"):
        encode(tmp_path / "albums", served(image_shape=(7, 5, 1)))
    with pytest.raises(UserError, match="give a group for each of the 23 images"):
        encode(images, served(), group_by=groups[1:])


def test_a_model_without_beta_and_mixture_has_no_code_of_a_group(served):
    with pytest.raises(UserError, match="no beta and no mixture"):
        encode(images_of()[0], served(model="vae"))


def test_a_table_of_groups_serves_as_codes_for_similar(served):
    model, (images, groups) = served(), images_of()
    table = encode(images, model, group_by=groups)
    places, distances = model.similar(table, 1)
    all_pairs = symmetric_kl(table.beta_mean, table.beta_stddev) + np.diag([np.inf] * len(table))
    np.testing.assert_array_equal(places[:, 0], all_pairs.argmin(axis=1))
    np.testing.assert_allclose(distances[:, 0], all_pairs.min(axis=1))
