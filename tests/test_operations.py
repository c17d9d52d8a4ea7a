"""A SavedModel whose functions touch files, the network or Python is not loaded, unless the user trusts it."""

import shutil
from pathlib import Path

import pytest
import tensorflow as tf
from small_models import EXTENDED, random_images

from ugvae_tf.errors import UserError
from ugvae_tf.serving import operations
from ugvae_tf.serving.served_model import ServedModel

SHIPPED = sorted((Path(__file__).parents[1] / "saved_models").glob("*/[0-9]"))
VARIANTS = {
    "ug-vae": {"model": "ug-vae", "observation_variance": "network"},
    "extended": {"model": "ug-vae", **EXTENDED},
    "nested": {"model": "nested-vae", "likelihood": "bernoulli"},
    "conv": {"model": "ug-vae", "body": "conv", "normalisation": "batch"},
}


@pytest.mark.parametrize("version", SHIPPED, ids=lambda version: version.parent.name)
def test_the_models_that_ship_pass(version):
    operations.check(version)


@pytest.mark.slow
@pytest.mark.parametrize("name", VARIANTS)
def test_exports_pass(exported, name):
    operations.check(exported(**VARIANTS[name])[1] / "1")


def writes(images):
    with tf.control_dependencies([tf.io.write_file("written", "by the model")]):
        return tf.reduce_mean(images, axis=[1, 2, 3])


def reads_in_a_branch(images):
    return tf.cond(tf.size(images) > 3, lambda: tf.strings.length(tf.io.read_file("x")), lambda: 0) + tf.shape(images)


def reads_in_a_function(images):
    return tf.function(lambda: tf.io.matching_files("*"))(), images


def calls_python(images):
    return tf.py_function(lambda x: x, [images], tf.float32)


def loops(images):
    return tf.map_fn(lambda image: tf.strings.to_number(tf.io.read_file("x")) + image, images)


ATTACKS = {
    writes: "WriteFile",
    reads_in_a_branch: "ReadFile",
    reads_in_a_function: "MatchingFiles",
    calls_python: "EagerPyFunc",
    loops: "ReadFile",
}


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_a_program_that_does_more_than_compute_is_refused(tmp_path, attack, monkeypatch):
    monkeypatch.chdir(tmp_path)
    module = tf.Module()
    module.f = tf.function(attack, input_signature=[tf.TensorSpec([None, 2, 2, 1])])
    tf.saved_model.save(module, str(tmp_path / "1"))
    with pytest.raises(UserError, match=rf"1 has operations beyond .*{ATTACKS[attack]}.*load it with `trust`"):
        operations.check(tmp_path / "1")
    assert not (tmp_path / "written").exists()


@pytest.mark.slow
def test_a_refused_model_is_loaded_with_trust(exported, tmp_path):
    model, folder = exported(model="ug-vae")
    module, encode = tf.Module(), model.signatures()["serving_default"]
    module.f = tf.function(lambda images: (tf.print("here"), encode[0](images))[1], input_signature=encode[1])
    module.variables_of_it = model.variables
    tf.saved_model.save(module, str(tmp_path / "1"), signatures={"serving_default": module.f})
    (tmp_path / "1" / "assets.extra").mkdir()
    shutil.copy(folder / "1" / "assets.extra" / "config.json", tmp_path / "1" / "assets.extra")
    with pytest.raises(UserError, match=r"\(PrintV2, StringFormat\)"):
        ServedModel(tmp_path)
    assert ServedModel(tmp_path, trust=True).encode(random_images(1, 2)).z_mean.shape == (1, 2, 3)


@pytest.mark.slow
def test_the_functions_that_save_variables_cannot_be_called(exported, tmp_path):
    """In an honest export they are no functions of the object graph, by which TensorFlow calls one."""
    version = tmp_path / "1"
    shutil.copytree(exported(model="ug-vae")[1] / "1", version)
    saved = operations.read(version)
    graph = saved.meta_graphs[0]
    names = [each.signature.name for each in graph.graph_def.library.function]
    graph.object_graph_def.concrete_functions.add(key=next(name for name in names if "traced_save" in name))
    (version / "saved_model.pb").write_bytes(saved.SerializeToString())
    with pytest.raises(UserError, match="MergeV2Checkpoints"):
        operations.check(version)
