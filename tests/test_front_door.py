"""`import ugvae_tf`: every model as a Keras model, images and groups, exports and served models, from Python."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from small_models import IMAGE_SHAPE, SIZES, random_images

import ugvae_tf as ug
from ugvae_tf import codes as of_codes
from ugvae_tf.codes import neighbours
from ugvae_tf.config import Config
from ugvae_tf.config.presets import PRESETS, of_model
from ugvae_tf.models import MODELS

ROOT = Path(__file__).parents[1]
IMAGES = np.random.default_rng(0).integers(256, size=(23, *IMAGE_SHAPE), dtype=np.uint8)


def small(name: str = "ug-vae", **settings):
    sizes = of_model(Config(), name).model
    taken = {key: value for key, value in SIZES.items() if key in ("hidden_units", "local_size")}
    taken |= {"global_size": 4} if sizes.has_beta else {}
    taken |= {"components": 6} if sizes.has_mixture else {}
    return MODELS[name](IMAGE_SHAPE, **taken, **settings)


def python(code: str, **environment) -> subprocess.CompletedProcess:
    variables = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, env=variables | environment
    )


def test_the_import_is_quick_and_does_not_import_tensorflow():
    probe = "import time; t = time.perf_counter(); import ugvae_tf; print(time.perf_counter() - t); import sys; "
    results = [python(probe + "sys.exit('tensorflow' in sys.modules)") for _ in range(3)]
    assert all(result.returncode == 0 for result in results)
    assert min(float(result.stdout) for result in results) < 0.05


@pytest.mark.slow
def test_the_library_prints_nothing_of_tensorflows():
    result = python("import ugvae_tf as ug; ug.UgVae((4, 4, 1), hidden_units=3, components=2)")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_public_names_are_what_they_say():
    assert set(dir(ug)) == set(ug.__all__)
    assert all(getattr(ug, name) is not None for name in ug.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        ug.nothing  # noqa: B018
    assert (ROOT / "ugvae_tf" / "py.typed").exists() and ug.__doc__


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_a_saved_model_is_the_same_model_with_its_optimiser(name, tmp_path):
    model = small(name)
    model.compile("adam", run_eagerly=True)  # two steps
    model.fit(IMAGES[:7], verbose=0)
    model.save(tmp_path / "mine.keras")
    again = keras.models.load_model(tmp_path / "mine.keras")
    assert type(again) is type(model) and again.get_config() == model.get_config()
    before, after = vars(model.encode(IMAGES)), vars(again.encode(IMAGES))
    for key, code in before.items():
        np.testing.assert_array_equal(after[key], code)
    assert int(again.optimizer.iterations) == 1
    again.fit(IMAGES[:7], verbose=0)


@pytest.mark.parametrize("name", MODELS)
def test_the_configuration_makes_the_model_again(name):
    model = small(name, **({"kl_weight": 3.0} if name == "beta-vae" else {}))
    again = type(model).from_config(model.get_config())
    assert again.config == model.config and again.image_shape == IMAGE_SHAPE


def test_summary_counts_the_parameters(capsys):
    model = small()
    model.summary()
    assert f"{sum(int(np.prod(weight.shape)) for weight in model.weights):,}" in capsys.readouterr().out


@pytest.fixture(scope="module")
def compiled():
    model = small()
    model.compile(keras.optimizers.SGD(1e-4))
    return model


@pytest.mark.slow
@pytest.mark.parametrize("groups", [IMAGES[:6], IMAGES[:6].reshape(2, 3, *IMAGE_SHAPE), IMAGES[:6] / 255.0])
def test_fit_evaluate_and_predict_take_one_group_or_many_bytes_or_floats(compiled, groups):
    mask = np.ones(groups.shape[: groups.ndim - 3])
    names = {"loss", "log_px", "kl_z", "kl_d", "kl_beta"}
    assert set(compiled.fit(groups, verbose=0).history) == names
    assert set(compiled.fit((groups, mask), verbose=0, validation_data=(groups, mask)).history) == names | {
        f"val_{name}" for name in names
    }
    assert set(compiled.evaluate(groups, verbose=0, return_dict=True)) == names
    predicted = compiled.predict(groups, verbose=0)
    count = 1 if groups.ndim == 4 else 2
    assert predicted["image_mean"].shape == (count, 6 // count, *IMAGE_SHAPE)
    np.testing.assert_allclose(predicted["beta_mean"], compiled.encode(groups).beta_mean, rtol=1e-4, atol=1e-5)
    called = compiled(groups)
    np.testing.assert_allclose(called["z_mean"], predicted["z_mean"], rtol=1e-4, atol=1e-5)


def test_masked_images_have_no_part_in_a_code_or_a_loss(compiled):
    padded = np.concatenate([IMAGES[:3], IMAGES[5:9]])
    mask = np.array([1, 1, 1, 0, 0, 0, 0])
    np.testing.assert_allclose(
        compiled.encode(padded, mask).beta_mean, compiled.encode(IMAGES[:3]).beta_mean, rtol=1e-5
    )
    encoded = compiled(padded, mask=mask)
    np.testing.assert_allclose(encoded["beta_mean"], compiled.encode(IMAGES[:3]).beta_mean, rtol=1e-5)


def test_the_order_of_a_group_does_not_change_its_code(compiled):
    one, other = compiled.encode(IMAGES), compiled.encode(IMAGES[::-1])
    np.testing.assert_allclose(one.beta_mean, other.beta_mean, rtol=1e-4, atol=1e-6)


BAD = {
    "rank": (np.zeros([3, 7, 5], np.uint8), r"shape \(3, 7, 5\): the model takes groups \[G, B, 7, 5, 2\]"),
    "shape": (np.zeros([3, 7, 5, 1], np.uint8), r"shape \(3, 7, 5, 1\): the model takes groups \[G, B, 7, 5, 2\]"),
    "range": (np.full([3, 7, 5, 2], 255.0), r"floats from 255 to 255: give floats in \[0, 1\], or uint8"),
    "nan": (np.full([3, 7, 5, 2], np.nan), "floats from nan to nan"),
    "type": (np.zeros([3, 7, 5, 2], np.int64), "are int64: give uint8"),
    "empty": (np.zeros([0, 7, 5, 2], np.uint8), "an empty group has no code"),
}


@pytest.mark.parametrize("way", ["encode", "fit", "evaluate", "predict", "__call__"])
@pytest.mark.parametrize("fault", BAD)
def test_images_that_a_model_cannot_take_are_one_value_error(compiled, way, fault):
    images, told = BAD[fault]
    with pytest.raises(ValueError, match=told) as caught:
        getattr(compiled, way)(images)
    assert str(caught.value).count("\n") == 0 and caught.value.__context__ is None


@pytest.mark.parametrize(
    ("mask", "told"), [(np.ones([2]), r"The mask has shape \(2,\)"), (np.zeros([23]), "an empty group has no code")]
)
def test_a_mask_that_does_not_fit_is_told(compiled, mask, told):
    with pytest.raises(ValueError, match=told):
        compiled.encode(IMAGES, mask)


def test_a_dataset_of_other_images_is_told_before_training(compiled):
    with pytest.raises(ValueError, match=r"takes groups \[G, B, 7, 5, 2\]"):
        compiled.fit(tf.data.Dataset.from_tensors((np.zeros([1, 3, 7, 5, 1], np.float32), np.ones([1, 3]))))


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: ug.UgVae(componets=3), "'componets' is not a setting of ug-vae: did you mean `components`"),
        (lambda: ug.Vae(components=3), "vae has no mixture"),
        (lambda: ug.UgVae(components=0), "`components` must be at least 1, not 0"),
        (lambda: ug.UgVae((28, 28)), "image_shape must be"),
        (lambda: ug.from_preset("mnits"), "Unknown preset 'mnits'"),
        (lambda: ug.from_preset("images"), "'folder' does not ship"),
    ],
)
def test_a_model_that_cannot_be_made_is_told(make, told):
    with pytest.raises(ValueError, match=told):
        make()


def test_a_preset_makes_its_model_for_the_images_of_its_data_set():
    model = ug.from_preset("mnist", hidden_units=5, components=2)
    assert model.image_shape == (28, 28, 1)
    assert model.config.global_size == PRESETS["mnist"].model.global_size and model.config.components == 2


def test_arrays_become_images_with_a_tenth_held_out_the_same_every_time():
    train, held_out = ug.load_images(IMAGES[..., :1], labels={"place": np.arange(23)})
    assert (len(train), len(held_out)) == (21, 2)
    assert sorted([*train.labels["place"], *held_out.labels["place"]]) == list(range(23))
    np.testing.assert_array_equal(train.images[3], IMAGES[train.labels["place"][3]][..., :1])
    again, _ = ug.load_images(IMAGES[..., :1] / 255.0)
    np.testing.assert_array_equal(again.images, train.images)
    with pytest.raises(ValueError, match="the array has shape"):
        ug.load_images(np.zeros([3, 3]))


@pytest.mark.slow
def test_a_folder_of_pictures_and_a_file_of_arrays_are_images_too(tmp_path):
    (tmp_path / "pictures" / "red").mkdir(parents=True)
    for place, image in enumerate(IMAGES[:5]):
        png = tf.io.encode_png(np.repeat(image[..., :1], 3, axis=-1)).numpy()
        (tmp_path / "pictures" / "red" / f"{place}.png").write_bytes(png)
    train, held_out = ug.load_images(tmp_path / "pictures", image_size=4)
    assert train.images.shape == (4, 4, 4, 3) and len(held_out) == 1 and set(train.labels["label"]) == {"red"}
    np.savez(tmp_path / "faces.npz", image=IMAGES[..., :1], kind=np.arange(23) % 3)
    train, _ = ug.load_images(str(tmp_path / "faces.npz"))
    assert train.images.shape == (21, 7, 5, 1) and "kind" in train.labels
    with pytest.raises(ValueError, match="nowhere"):
        ug.load_images(tmp_path / "nowhere")


@pytest.mark.slow
def test_groups_by_label_train_a_model_on_groups_of_unequal_size():
    images = ug.ImageSet(IMAGES, {"kind": np.repeat([0, 1, 2], [12, 8, 3])})
    groups = ug.label_groups(images, "kind", group_size=5, groups_per_step=2)
    model = small()
    model.compile(run_eagerly=True)
    history = model.fit(groups, epochs=2, verbose=0).history
    assert np.isfinite(history["loss"]).all() and len(history["loss"]) == 2
    sizes = np.concatenate([mask.numpy().sum(axis=1) for _, mask in groups])
    assert sorted(sizes) == [3, 4, 4, 4, 4, 4]


@pytest.fixture(scope="module")
def exported(tmp_path_factory, compiled):
    folder = tmp_path_factory.mktemp("front") / "mine"
    return [ug.export(compiled, folder), ug.export(compiled, folder)]


def test_an_export_is_the_next_version_and_serves_the_same_codes(exported, compiled):
    assert [version.name for version in exported] == ["1", "2"]
    served = ug.load(exported[0].parent)
    assert served.version == 2 and ug.load(exported[0]).version == 1
    groups = IMAGES[:20].reshape(4, 5, *IMAGE_SHAPE)
    for key, code in vars(compiled.encode(groups)).items():
        np.testing.assert_allclose(vars(served.encode(groups))[key], code, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(served.encode(groups[1]).beta_mean, served.encode(groups).beta_mean[1:2], rtol=1e-5)


@pytest.mark.parametrize("fault", BAD)
def test_a_served_model_says_the_same_of_images_that_it_cannot_take(exported, fault):
    images, told = BAD[fault]
    with pytest.raises(ValueError, match=told):
        ug.load(exported[0]).encode(images)


def test_generated_images_follow_the_components_of_the_group(exported, compiled):
    """The mean over many images is that of the mixture: sum over d of p(d) E p(x | z, beta), z ~ p(z | d, beta)."""
    served, like = ug.load(exported[0]), IMAGES[:9]
    many = served.generate(like, count=4000, seed=3)
    assert many.shape == (4000, *IMAGE_SHAPE) and many.min() >= 0 and many.max() <= 1
    beta = served.encode(like).beta_mean
    p_z, random = served.prior(beta), np.random.default_rng(5)
    noise = random.standard_normal((4000, 6, 3))
    z = p_z["z_mean"] + p_z["z_stddev"] * noise
    decoded = served.decode(z.reshape(1, -1, 3), beta)["image_mean"][0]
    tolerance = 5 * decoded.std(axis=0).max() / np.sqrt(4000)
    assert np.abs(many.mean(axis=0) - decoded.mean(axis=0)).max() < tolerance
    np.testing.assert_allclose(compiled.generate(like, count=7, seed=3), many[:7] * 0 + served.generate(like, 7, 3))


def test_the_symmetric_divergence_is_the_sum_of_both_closed_forms():
    random = np.random.default_rng(0)
    mean, stddev = random.normal(size=(5, 3)), random.uniform(0.2, 2, size=(5, 3))

    def kl(i, j):
        ratio = (stddev[i] / stddev[j]) ** 2
        return 0.5 * (ratio + ((mean[i] - mean[j]) / stddev[j]) ** 2 - 1 - np.log(ratio)).sum()

    expected = [[kl(i, j) + kl(j, i) for j in range(5)] for i in range(5)]
    np.testing.assert_allclose(of_codes.symmetric_kl(mean, stddev), expected, rtol=1e-9, atol=1e-9)


def test_similar_groups_are_the_nearest_others(exported):
    served = ug.load(exported[0])
    groups = random_images(7, 3)
    groups[6] = groups[2]
    codes = served.encode(groups)
    nearest, distances = served.similar(codes, k=6)
    assert nearest[2, 0] == 6 and nearest[6, 0] == 2 and distances[2, 0] < 1e-6
    assert (np.diff(distances, axis=1) >= 0).all()
    assert all(sorted([*row, place]) == list(range(7)) for place, row in enumerate(nearest))
    with pytest.raises(ValueError, match="k = 7 needs more groups"):
        served.similar(codes, k=7)


def test_codes_count_the_images_without_padding():
    codes = small().encode(random_images(2, 5), np.array([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]]))
    assert codes.images.tolist() == [3, 5]


def test_no_image_is_no_number_of_images():
    with pytest.raises(ValueError, match="`count` must be at least 1, not 0"):
        small().generate(IMAGES[:3], 0)


def test_a_dense_body_replaces_a_convolutional_presets_normalisation_too():
    assert ug.from_preset("images", IMAGE_SHAPE, body="mlp", hidden_units=3).config.normalisation == "none"


def test_codes_without_beta_are_not_compared():
    with pytest.raises(ValueError, match="have no beta"):
        neighbours.nearest(small("vae").encode(random_images(3, 2)), k=1)


def quick_start() -> str:
    """The first Python block of the README."""
    return re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)[1]


@pytest.mark.slow
def test_the_quick_start_of_the_readme_runs(tmp_path):
    """Letter by letter, but for the number of epochs."""
    code = quick_start()
    assert code.count("epochs=12") == 1
    probe = "\nassert codes.beta_mean.shape[0] == 10 and images.shape == (20, 28, 28, 1) and nearest.shape == (10, 5)"
    began = time.monotonic()
    result = subprocess.run(
        [sys.executable, "-c", code.replace("epochs=12", "epochs=1, steps_per_epoch=20") + probe],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "mine.keras").exists() and (tmp_path / "saved_models" / "mine" / "1").is_dir()
    assert time.monotonic() - began < 300


@pytest.mark.slow
def test_a_new_process_loads_a_saved_model_after_importing_the_package(tmp_path):
    small().save(tmp_path / "mine.keras")
    loading = f"keras.models.load_model({str(tmp_path / 'mine.keras')!r})"
    result = python(f"import keras\nimport ugvae_tf\nprint(type({loading}).__name__)")
    assert result.stdout == "UgVae\n", result.stderr


def test_predict_scales_bytes_and_heeds_masks_in_arrays_and_datasets(compiled):
    padded, mask = np.concatenate([IMAGES[:3], IMAGES[5:9]])[np.newaxis], np.array([[1, 1, 1, 0, 0, 0, 0]])
    expected = compiled.encode(IMAGES[:3]).beta_mean
    dataset = tf.data.Dataset.from_tensors((padded, mask))
    for data in ((padded, mask), dataset):
        np.testing.assert_allclose(compiled.predict(data, verbose=0)["beta_mean"], expected, rtol=1e-4, atol=1e-5)


def test_a_dataset_of_images_without_groups_is_told(compiled):
    images = tf.data.Dataset.from_tensor_slices(np.float32(IMAGES)).batch(5)
    for arguments in ({"x": images}, {"x": IMAGES, "validation_data": images}):
        with pytest.raises(ValueError, match=r"groups \[G, B, H, W, C\] as elements"):
            compiled.fit(**arguments)


def test_padding_never_reaches_batch_normalisation():
    model = MODELS["ug-vae"]((16, 16, 1), body="conv", normalisation="batch", hidden_units=3, components=2)
    model.compile(run_eagerly=True)
    images, mask = np.zeros([1, 3, 16, 16, 1], np.float32), np.array([[1, 1, 0]])
    with pytest.raises(tf.errors.InvalidArgumentError, match="normalisation='group'"):
        model.fit((images, mask), verbose=0)


@pytest.mark.parametrize("sizes", [[3], [0, 3], [4, 3], [[1, 2]]])
def test_group_sizes_that_do_not_fit_are_told(exported, sizes):
    with pytest.raises(ValueError, match="group_sizes must be 2 numbers from 1 to 3"):
        ug.load(exported[0]).encode_ragged(random_images(2, 3), np.array(sizes))


def test_groups_of_no_images_and_labels_of_other_images_are_told():
    with pytest.raises(ValueError, match="`group_size` must be at least 1, not 0"):
        ug.random_groups(IMAGES[..., :1], group_size=0)
    with pytest.raises(ValueError, match="The label 'place' has 3 values for 23 images"):
        ug.load_images(IMAGES[..., :1], labels={"place": np.arange(3)})
    with pytest.raises(ValueError, match="'componets' is not a setting of ug-vae"):
        ug.from_preset("mnist", componets=3)
