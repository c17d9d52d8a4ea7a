"""Flags and presets to requests, and what no request can have."""

import json
from pathlib import Path
from typing import get_args

import pytest
from small_models import EXTENDED

from ugvae_tf import config as configuration
from ugvae_tf.commands.main import call
from ugvae_tf.commands.train import parse_training
from ugvae_tf.config import EXTENSIONS, Config, ModelConfig, ModelName, presets
from ugvae_tf.config.presets import PRESETS
from ugvae_tf.config.validation import validate
from ugvae_tf.errors import UserError
from ugvae_tf.training.run_folder import RunFolder

ROOT = Path(__file__).parents[1]


def test_a_preset_gives_the_defaults_and_flags_go_before_it(tmp_path):
    request = parse_training(["--preset", "mnist-official", "--components", "7", "--output-dir", str(tmp_path)])
    assert request.config.preset == "mnist-official"
    assert request.config.model == ModelConfig(components=7)
    assert request.folder.path == tmp_path / "mnist"


def test_the_data_set_names_its_preset_and_the_run(tmp_path):
    request = parse_training(["--dataset", "fashion_mnist", "--output-dir", str(tmp_path)])
    assert request.config.model == PRESETS["mnist"].model
    assert request.folder.path == tmp_path / "fashion_mnist"
    assert parse_training(["--output-dir", str(tmp_path)]).config == PRESETS["mnist"]


@pytest.mark.parametrize(("flags", "name"), [([], "images"), (["--group-by", "label"], "albums")])
@pytest.mark.parametrize("dataset", ["folder", "npz"])
def test_own_images_have_a_preset_for_random_groups_and_one_for_groups_by_a_label(dataset, flags, name, tmp_path):
    request = parse_training(["--dataset", dataset, "--data-dir", "x", "--output-dir", str(tmp_path), *flags])
    assert request.config.preset == name and request.config.data.dataset == dataset


def test_a_dense_body_has_no_normalisation_of_the_preset(tmp_path):
    flags = ["--dataset", "folder", "--data-dir", "x", "--body", "mlp", "--output-dir", str(tmp_path)]
    assert parse_training(flags).config.model.normalisation == "none"
    assert parse_training([*flags, "--group-by", "label"]).config.model.normalisation == "none"


@pytest.mark.parametrize("name", ["run[1]", "run*", "what?"])
def test_a_name_that_tensorflow_takes_for_a_pattern_is_refused(name, tmp_path):
    with pytest.raises(UserError, match="which TensorFlow cannot read: rename the folder"):
        parse_training(["--name", name, "--output-dir", str(tmp_path)])


@pytest.mark.parametrize(("size", "least", "flags"), [(4, 5, ["--min-group-size", "5"]), (1, 2, [])])
def test_groups_that_would_all_be_left_out_are_refused(size, least, flags, tmp_path):
    flags = [*flags, "--group-by", "label", "--group-size", str(size), "--output-dir", str(tmp_path)]
    with pytest.raises(UserError, match=f"`min_group_size={least}` is above `group_size={size}`"):
        parse_training(flags)


def test_the_official_preset_has_the_official_hyper_parameters():
    official = PRESETS["mnist-official"]
    assert (official.data.group_size, official.training.learning_rate, official.training.groups_per_step) == (
        128,
        5e-3,
        1,
    )
    model = official.model
    assert (model.local_size, model.global_size, model.components, model.hidden_units) == (10, 20, 10, 256)
    assert (model.observation_variance, model.pixel_variance, model.expert_variance) == ("fixed", 0.2, "free")


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_valid_carry_their_name_and_survive_json(name):
    validate(PRESETS[name])
    assert PRESETS[name].preset == name
    assert configuration.from_json(configuration.to_json(PRESETS[name], seen="yes")) == PRESETS[name]


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "{}",
        "[" * 100_000,
        '{"preset": "mnist", "data": {"datasets": 1}, "model": {}, "training": {}}',
        '{"preset": "mnist", "data": "x", "model": {}, "training": {}}',
        '{"preset": "mnist", "data": {"group_size": "5"}, "model": {}, "training": {}}',
        '{"preset": "mnist", "data": {}, "model": {"body": "rnn"}, "training": {}}',
        '{"preset": "mnist", "data": {}, "model": {}, "training": {"epochs": true}}',
        '{"preset": "mnist", "data": {}, "model": {}, "training": {"learning_rate": null}}',
    ],
)
def test_a_strange_config_json_is_told(text):
    with pytest.raises(UserError, match=r"config\.json"):
        configuration.from_json(text)


@pytest.mark.parametrize(
    ("flag", "value"),
    [
        ("--group-size", 0),
        ("--components", 0),
        ("--components", -1),
        ("--local-size", 0),
        ("--global-size", 0),
        ("--hidden-units", 0),
        ("--prior-units", 0),
        ("--epochs", -1),
        ("--groups-per-step", 0),
        ("--learning-rate", 0),
        ("--learning-rate", "nan"),
        ("--pixel-variance", -1),
        ("--seed", -1),
        ("--kl-weight", 4),
        ("--kl-weight", "nan"),
        ("--pixel-variance", "1e+39"),
        ("--learning-rate", "1e+39"),
        ("--epochs", 10**19),
        ("--hidden-units", 10**9),
        ("--group-size", 10**30),
        ("--components", 10**12),
        ("--image-size", 10**12),
        ("--mixture", "nan"),
        ("--name", ""),
        ("--name", ".."),
        ("--name", "../x"),
        ("--name", "/x"),
        ("--name", "7"),
        ("--name", "x\udcff"),
        ("--preset", "mnits"),
        ("--normalisation", "batch"),
    ],
)
def test_an_impossible_value_is_told_with_its_flag(flag, value, tmp_path):
    with pytest.raises(UserError) as caught:
        parse_training([flag, str(value), "--output-dir", str(tmp_path / "new")])
    assert flag.strip("-").replace("-", "_") in str(caught.value) and str(value) in str(caught.value)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["--group-size", "many"],
        ["--body", "rnn"],
        ["--gruop-size", "3"],
        ["--likelihood", "poisson"],
        ["--schedule", "linear"],
    ],
)
def test_a_flag_that_cannot_be_read_is_named(arguments):
    with pytest.raises(UserError, match=arguments[0]):
        parse_training(arguments)


@pytest.mark.parametrize(
    ("name", "global_size", "components", "kl_weight"),
    [
        ("ml-vae", 100, 1, 1),
        ("gm-vae", 0, 40, 1),
        ("vae", 0, 1, 1),
        ("beta-vae", 0, 1, 4),
        ("nested-vae", 100, 1, 1),
    ],
)
def test_a_relative_takes_the_preset_as_far_as_it_goes(name, global_size, components, kl_weight, tmp_path):
    request = parse_training(["--model", name, "--output-dir", str(tmp_path)])
    model = request.config.model
    assert (model.global_size, model.components, model.kl_weight) == (global_size, components, kl_weight)
    assert model.hidden_units == PRESETS["mnist"].model.hidden_units
    assert request.folder.path == tmp_path / f"mnist-{name}"


@pytest.mark.parametrize("name", get_args(ModelName))
def test_a_relative_takes_the_extensions_that_it_can_have(name):
    extended = presets.of_model(Config(model=ModelConfig(**EXTENDED)), name)
    validate(extended)
    for setting, models in EXTENSIONS.items():
        value = EXTENDED[setting] if name in models else getattr(ModelConfig, setting)
        assert getattr(extended.model, setting) == value


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--model", "vae", "--components", "5"], "vae has no mixture: leave out `components`"),
        (["--model", "ml-vae", "--components", "5"], "ml-vae has no mixture: leave out `components`"),
        (["--model", "gm-vae", "--global-size", "5"], "gm-vae has no beta: leave out `global_size`"),
        (["--model", "vae", "--kl-weight", "4"], "`kl_weight` must be 1, not 4.0: vae has no weight"),
        (["--model", "beta-vae", "--kl-weight", "-1"], "`kl_weight` must be a number of at least 0"),
        (["--dataset", "a+b", "--mixture", "0.5,0.5", "--group-by", "domain"], "`group_by` and `mixture` both"),
        (["--model", "nested-vae", "--group-size", "1"], "`group_size` of 2 or more"),
        (
            ["--model", "vae", "--global-prior", "learned"],
            "vae cannot have `global_prior=learned`, which is for ug-vae",
        ),
        (["--model", "nested-vae", "--prior-expert"], "nested-vae cannot have `prior_expert`, which is for"),
        (["--model", "gm-vae", "--expert-subset", "random"], "gm-vae cannot have `expert_subset=random`, which"),
        (["--model", "ml-vae", "--component-prior", "beta"], "`component_prior=beta`, which is for ug-vae: leave"),
        (["--model", "ml-vae", "--component-posterior", "optimal"], "optimal`, which is for ug-vae and gm-vae"),
        (["--model", "gm-vae", "--component-kernel", "glorot"], "gm-vae cannot have `component_kernel=glorot`"),
        (["--model", "ml-vae", "--prior-units", "5"], "ml-vae cannot have `prior_units=5`"),
    ],
)
def test_a_setting_that_the_model_does_not_have_is_told(flags, told, tmp_path):
    with pytest.raises(UserError, match=told):
        parse_training([*flags, "--output-dir", str(tmp_path)])


def test_group_by_clusters_means_the_version_that_is_newest_now(tmp_path):
    for version in (1, 2):
        (tmp_path / "first" / str(version)).mkdir(parents=True)
        (tmp_path / "first" / str(version) / "saved_model.pb").touch()
    flags = ["--group-by-clusters", str(tmp_path / "first"), "--output-dir", str(tmp_path)]
    assert parse_training(flags).config.data.group_by_clusters == str(tmp_path / "first" / "2")
    flags[1] = str(tmp_path / "first" / "1")
    assert parse_training(flags).config.data.group_by_clusters == str(tmp_path / "first" / "1")
    with pytest.raises(UserError, match="is the folder of this run itself"):
        parse_training([*flags, "--name", "first"])
    with pytest.raises(UserError, match="no exported version"):
        parse_training(["--group-by-clusters", str(tmp_path), "--output-dir", str(tmp_path)])


def test_group_by_replaces_the_mixture_of_a_preset(tmp_path):
    flags = ["--preset", "celeba+faces3d", "--group-by", "domain", "--output-dir", str(tmp_path)]
    data = parse_training(flags).config.data
    assert (data.group_by, data.mixture) == ("domain", None)


def test_group_by_of_an_older_config_json_that_held_a_folder_is_read_as_clusters():
    text = configuration.to_json(Config()).replace('"group_by": null', '"group_by": "saved_models/first/1"')
    old = json.loads(text)
    del old["data"]["group_by_clusters"], old["data"]["min_group_size"]
    data = configuration.from_json(json.dumps(old)).data
    assert (data.group_by, data.group_by_clusters) == (None, "saved_models/first/1")


def test_resume_without_a_run_is_told(tmp_path):
    with pytest.raises(UserError, match="no run to resume"):
        parse_training(["--resume", "--output-dir", str(tmp_path)])


def test_a_file_in_place_of_the_output_folder_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="output_dir"):
        parse_training(["--output-dir", str(tmp_path / "file")])
    with pytest.raises(UserError, match="output_dir"):
        RunFolder("/proc/nowhere", "mnist").claim(resume=False, overwrite=False)


def test_exported_versions_alone_do_not_stop_a_new_run(tmp_path):
    (tmp_path / "mnist" / "1").mkdir(parents=True)
    (tmp_path / "mnist" / "10").mkdir()
    folder = parse_training(["--output-dir", str(tmp_path)]).folder
    assert folder.versions() == [1, 10] and folder.next_version().name == "11"


def test_differences_name_what_changed():
    changed = Config(model=ModelConfig(components=3, global_size=7))
    assert configuration.differences(Config(), changed) == ["global_size is 20, not 7", "components is 10, not 3"]


def test_padded_groups_are_not_normalised_over_the_step(tmp_path):
    flags = ["--dataset", "faces3d", "--group-by", "hair_color", "--output-dir", str(tmp_path)]
    assert PRESETS["faces3d"].model.normalisation == "batch"
    assert parse_training(flags).config.model.normalisation == "group"
    assert parse_training([*flags, "--normalisation", "none"]).config.model.normalisation == "none"
    with pytest.raises(UserError, match="`normalisation=batch` would count the padding as images"):
        parse_training([*flags, "--normalisation", "batch"])


def test_a_name_that_no_file_system_takes_is_told(tmp_path):
    with pytest.raises(UserError, match="cannot be the name of a run: give one of at most 200 characters"):
        parse_training(["--name", "x" * 300, "--output-dir", str(tmp_path)])


def test_the_default_name_of_a_run_is_one_folder():
    request = parse_training(["--dataset", "mnist_corrupted/shot_noise:1.0.0", "--model", "vae"])
    assert request.folder.path.parts == ("saved_models", "mnist_corrupted-shot_noise-1.0.0-vae")


@pytest.mark.parametrize("arguments", [["--output-dir", "x" * 5000], ["--group-by-clusters", "x" * 5000]])
def test_a_path_that_no_file_system_takes_is_one_sentence(arguments, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the clone may hold a run of the default name
    with pytest.raises(SystemExit, match="2"):
        call("train", arguments, "train.py")
    told = capsys.readouterr().err
    assert told.startswith("train.py: error: File name too long: xxx") and told.count("\n") == 1 and len(told) < 400
