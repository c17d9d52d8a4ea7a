"""The model card of an export, and the facts that it is made from."""

import re
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest
from small_models import small_config

from ugvae_tf.config import Config, DataConfig, ModelName, TrainingConfig, presets, to_json
from ugvae_tf.datasets import catalogue
from ugvae_tf.errors import UserError
from ugvae_tf.serving import checksums, model_card, saved_model

ROOT = Path(__file__).parents[1]
VERSIONS = sorted((ROOT / "saved_models").glob("*/[0-9]"))
UNIFORM, STANDARD = "images generated from beta do not have the composition", "p(beta) is N(0, I)"


def card_of(config: Config, **provenance) -> model_card.Card:
    content = {"preset": config.preset, **{part: vars(getattr(config, part)) for part in ("data", "model", "training")}}
    return model_card.card_of({**content, **provenance})


def test_every_data_set_that_ships_has_the_licence_in_the_list_of_data_sets():
    rows = (ROOT / "ugvae_tf" / "datasets" / "prepared" / "README.md").read_text().splitlines()
    assert set(catalogue.LICENCES) == set(catalogue.SHIPPED)
    for name, licence in catalogue.LICENCES.items():
        [row] = [row for row in rows if re.match(rf"\| (none: )?`{name}[`/]", row)]
        assert (licence if name != "mnist-albums" else "as MNIST") in row, name
        assert name.startswith("mnist") or (ROOT / "ugvae_tf/datasets/prepared" / name / "LICENSE").is_file()


@pytest.mark.parametrize(
    ("name", "told"),
    [("mnist", "ShareAlike"), ("npz", "your own"), ("cars3d-fidler", "owners"), ("fashion_mnist", "not recorded")],
)
def test_the_licence_of_other_data_is_not_claimed(name, told):
    assert told in catalogue.licence(name)


@pytest.mark.parametrize("name", get_args(ModelName))
def test_a_card_has_the_variables_of_its_model_and_no_others(name):
    model = presets.of_model(Config(), name).model
    card = card_of(Config(model=small_config(model=name)))
    sizes = card.facts["Model"]["Sizes"]
    assert ("beta" in sizes, "components" in sizes) == (model.has_beta, model.has_mixture)
    assert any(STANDARD in limit for limit in card.limits) == model.has_beta


def test_the_facts_are_those_of_the_configuration():
    config = replace(presets.preset("glyphs"), training=TrainingConfig(epochs=3, groups_per_step=1, seed=7))
    counts = {"training_images": 1234, "validation_images": 0, "held_out_images": 56}
    card = card_of(config, image_shape=[28, 28, 1], data_checksum="abc", versions={"keras": "3"}, **counts)
    assert card.title == "ug-vae on glyphs" and card.facts["Versions"] == {"keras": "3"}
    assert card.facts["Training"]["Length"] == "3 epochs, 1 group in a step"
    assert card.facts["Training"]["Preset and seed"] == "glyphs, seed 7"
    assert card.facts["Training"]["Groups"] == "10 images with the same value of the label 'font'"
    assert "expert_subset = random" in card.facts["Training"]["Settings beyond the paper"]
    assert card.facts["Data"]["Numbers of images"] == "1,234 training, 56 held-out"
    assert card.facts["Data"]["Checksum of the training images"] == "abc"
    assert any(UNIFORM in limit for limit in card.limits)


@pytest.mark.parametrize(
    ("config", "told", "is_told"),
    [
        (Config(training=TrainingConfig(epochs=0)), "initial weights", True),
        (Config(training=TrainingConfig(validation_share=0.0)), "may have been chosen on the held-out images", True),
        (Config(), "may have been chosen on the held-out images", False),
        (Config(preset="none", training=TrainingConfig(validation_share=0.0)), "chosen on the held-out images", False),
        (Config(model=small_config(component_prior="beta")), UNIFORM, False),
        (Config(model=small_config(global_prior="learned")), STANDARD, False),
        (Config(data=DataConfig("mnist", group_by="label")), "differ in their composition only", False),
        (Config(data=DataConfig("chairs3d+mnist")), "Stand-in for a data set of the paper, and not that", True),
        (Config(model=small_config(likelihood="bernoulli")), "less sharp", False),
    ],
)
def test_a_limit_is_stated_where_it_holds(config, told, is_told):
    assert any(told in limit for limit in card_of(config).limits) == is_told


@pytest.mark.parametrize(
    ("name", "training", "told"),
    [
        ("ug-vae", {}, "ELBO"),
        ("beta-vae", {"warm_up": 3}, "ELBO, KL terms times 4, KL terms rising in the first 3 epochs"),
        ("vae", {"objective": "iwae", "importance_samples": 5}, "importance-weighted bound, 5 samples of every z"),
        (
            "vae",
            {"objective": "iwae", "importance_samples": 5, "gradient_samples": 2, "pixel_dropout": 0.125},
            "importance-weighted bound, 5 samples of every z, the gradient of 2 of them, a random 0.125 of the pixels "
            "of the encoder's input set to 0",
        ),
    ],
)
def test_the_objective_is_stated(name, training, told):
    config = presets.of_model(Config(training=TrainingConfig(**training)), name)
    assert card_of(config).facts["Training"]["Objective"] == told


def test_an_augmentation_is_stated():
    facts = card_of(Config(training=TrainingConfig(augmentation=0.5))).facts["Training"]
    assert facts["Augmentation"] == "one random slant and stretch for each of 50% of the groups"
    assert "Augmentation" not in card_of(Config()).facts["Training"]


def test_a_model_of_arrays_trained_in_python_claims_no_data_and_no_training():
    text = model_card.markdown(card_of(Config(preset="none", data=DataConfig("unknown"))))
    assert "trained on arrays" in text and "trained in Python" in text
    assert text.startswith("# Model card: ug-vae on arrays")
    assert "Adam" not in text and "unknown" not in text and "random images" not in text


def test_another_content_is_the_users_error():
    with pytest.raises(UserError, match="not written by a compatible version"):
        model_card.card_of({"model": {}})


@pytest.mark.slow
def test_an_export_has_its_card_among_the_checksums(exported):
    version = exported()[1] / "1"
    text = (version / model_card.NAME).read_text()
    assert text.startswith("# Model card: ug-vae on mnist") and model_card.TRUST in text
    assert "Weights: 0.0 MB" in text
    assert f"  {model_card.NAME}\n" in (version / checksums.CHECKSUMS).read_text()


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: f"{version.parent.name}/{version.name}")
def test_the_cards_of_the_models_in_the_clone_are_up_to_date(version):
    """`python scripts/write_model_cards.py saved_models/*/[0-9]*` writes them."""
    card = model_card.card_of(saved_model.read_config(version), saved_model.weights_size(version))
    assert (version / model_card.NAME).read_text() == model_card.markdown(card)
    checksums.check(version)


def test_a_card_is_written_again_with_its_checksum(tmp_path):
    (tmp_path / "assets.extra").mkdir()
    (tmp_path / "assets.extra" / "config.json").write_text(to_json(Config()))
    checksums.write(tmp_path)
    for _ in range(2):
        model_card.write(tmp_path)
        checksums.check(tmp_path)
        assert (tmp_path / checksums.CHECKSUMS).read_text().count(model_card.NAME.name) == 1
