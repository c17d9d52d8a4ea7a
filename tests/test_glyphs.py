"""The glyphs of fonts: complete, named, and split by family."""

import csv
from collections import Counter

import numpy as np
import pytest

import ugvae_tf as ug
from ugvae_tf.config import DataConfig
from ugvae_tf.datasets.grouping import Grouping
from ugvae_tf.datasets.loading import load_split
from ugvae_tf.datasets.sources import PREPARED, find_source
from ugvae_tf.errors import UserError

pytestmark = pytest.mark.slow  # reads all 81,220 images

CHARACTERS = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
SPLITS = ("train", "held-out")
FONTS, INK = ("ADFBaskerville", "36 days ago BRK"), (22712, 24497)  # the ink of "A" and of "g", grey levels summed


@pytest.fixture(scope="module")
def glyphs():
    """The images of both splits."""
    return [load_split(DataConfig("glyphs"), split) for split in SPLITS]


def test_every_font_has_its_62_characters_and_no_family_is_in_both_splits(glyphs):
    for images, fonts in zip(glyphs, (1049, 261), strict=True):
        assert images.images.shape == (62 * fonts, 28, 28, 1) and images.images.dtype == np.uint8
        assert set(images.labels) == {"font", "character", "family"}
        assert set(images.labels["character"]) == CHARACTERS
        pairs = set(zip(images.labels["font"], images.labels["character"], strict=True))
        assert len(pairs) == len(images) and len(set(images.labels["font"])) == fonts
    families = [set(images.labels["family"]) for images in glyphs]
    assert not families[0] & families[1] and list(map(len, families)) == [681, 170]


def test_the_table_of_fonts_names_what_the_images_are_of(glyphs):
    with (PREPARED / "glyphs" / "FONTS.csv").open(encoding="utf-8", newline="") as table:
        rows = [tuple(row) for row in csv.reader(table)][1:]
    found = Counter()
    for images, split in zip(glyphs, SPLITS, strict=True):
        found += Counter(zip(images.labels["font"], images.labels["family"], [split] * len(images), strict=True))
    assert found == Counter(dict.fromkeys(rows, 62))
    assert (PREPARED / "glyphs" / "LICENSE").read_text("utf-8").startswith("glyphs: ")


def test_a_known_glyph_is_the_one_that_was_rendered(glyphs):
    """Of one character of a font of each split, taken from the arrays that the set was made from."""
    for images, font, character, ink in zip(glyphs, FONTS, "Ag", INK, strict=True):
        [place] = np.flatnonzero((images.labels["font"] == font) & (images.labels["character"] == character))
        assert images.images[place].sum(dtype=int) == ink


def test_images_are_in_one_mixed_order(glyphs):
    """A stream is shuffled block by block only, and pictures show the first images."""
    first, again = (load_split(DataConfig("glyphs", memory_limit=1e-3), "held-out") for _ in range(2))
    np.testing.assert_array_equal(first.labels["font"], again.labels["font"])
    assert len(first) == 1275 and len(set(first.labels["font"])) > 250
    np.testing.assert_array_equal(first.images, glyphs[1].images[:1275])


def test_groups_by_font_hold_half_the_characters_of_one_font(glyphs):
    train, _ = glyphs
    assert train.steps_per_epoch(Grouping(31, 8, label="font")) == -(-2 * 1049 // 8)


def test_labels_are_read_without_images(glyphs):
    labels = find_source(DataConfig("glyphs"), "glyphs", "held-out").labels()
    assert set(labels) == set(glyphs[1].labels)
    for name, values in labels.items():
        np.testing.assert_array_equal(values, glyphs[1].labels[name])


def test_the_set_is_there_in_python_and_needs_no_folder(tmp_path):
    _, held_out = ug.load_images("glyphs")
    assert held_out.image_shape == (28, 28, 1)
    with pytest.raises(UserError, match="'glyphs' ships with the package: leave out `data_dir`"):
        ug.load_images("glyphs", data_dir=str(tmp_path))
