"""Exports that are broken on purpose, in every way that Python does not notice: the tests of exports find each."""

import keras
import pytest
import tensorflow as tf
from cpp_process import CannotServe, ask, ask_all
from serving_contract import contract, faults
from small_models import IMAGE_SHAPE, random_images, small_model

from ugvae_tf.config import Config, to_json
from ugvae_tf.serving import export

pytestmark = pytest.mark.slow


def archive(version, function, *specs):
    """A SavedModel of one signature, written as our export writes it."""
    written = keras.export.ExportArchive()
    written.add_endpoint("serving_default", function, input_signature=specs)
    written.write_out(str(version), verbose=False)


def saved_with_tensorflow(model, version):
    """Python loads it, but the variables have no names that the C++ loader knows."""
    function, specs = model.signatures()["serving_default"]
    tf.saved_model.save(model, str(version), signatures=tf.function(function, input_signature=specs))


def compiled_by_xla(model, version):
    function, specs = model.signatures()["serving_default"]
    archive(version, tf.function(function, jit_compile=True, input_signature=specs), *specs)


def python_inside(model, version):
    function, specs = model.signatures()["serving_default"]

    def through_python(images):
        seen = tf.py_function(lambda x: x, [images], tf.float32)
        return function(tf.ensure_shape(seen, specs[0].shape))

    archive(version, through_python, *specs)


def numpy_inside(model, version):
    function, specs = model.signatures()["serving_default"]

    def through_numpy(images):
        seen = tf.numpy_function(lambda x: x, [images], tf.float32)
        return function(tf.ensure_shape(seen, specs[0].shape))

    archive(version, through_numpy, *specs)


def without_the_servers_tag(model, version):
    version.parent.mkdir()
    export.export_version(model, version, to_json(Config()))
    path = version / "saved_model.pb"
    path.write_bytes(path.read_bytes().replace(b"\x22\x05serve", b"\x22\x05train"))


BROKEN = [  # what the C++ code says, and what serving_contract.py does
    (saved_with_tensorflow, "Could not find variable", None),
    (compiled_by_xla, "XLA compilation disabled", "must be compiled by XLA"),
    (python_inside, "EagerPyFunc", "EagerPyFunc needs Python"),
    (numpy_inside, "PyFunc", "PyFunc needs Python"),
    (without_the_servers_tag, "Could not find meta graph def matching supplied tags", "the tag 'serve'"),
]


@pytest.mark.slow
def test_exports_that_no_server_can_run_are_found(tmp_path):
    """All in one process with one that a server can run, which comes last."""
    model, asked = small_model(), [("serving_default", {"images": random_images(1, 2)})]
    for broken, _, _ in BROKEN:
        broken(model, tmp_path / broken.__name__ / "1")
    (tmp_path / "whole").mkdir()
    export.export_version(model, tmp_path / "whole" / "1", to_json(Config()))
    versions = [tmp_path / name / "1" for name in (*(broken.__name__ for broken, _, _ in BROKEN), "whole")]
    *said, whole = ask_all([(version, asked) for version in versions])
    assert set(whole.outputs[0]) == {"beta_mean", "beta_stddev", "z_mean", "z_stddev", "component_probs"}
    for (broken, said_by_cpp, said_by_check), version, status in zip(BROKEN, versions[:-1], said, strict=True):
        assert isinstance(status, CannotServe) and said_by_cpp in str(status), broken
        if said_by_check:
            assert said_by_check in " ".join(faults(version, contract(model.config, IMAGE_SHAPE))), broken
    with pytest.raises(CannotServe, match="Could not find variable"):
        ask(versions[0], asked)


def fixed_groups(encode):
    return encode, tf.TensorSpec([1, None, *IMAGE_SHAPE], name="images")


def fixed_size(encode):
    return encode, tf.TensorSpec([None, 128, *IMAGE_SHAPE], name="images")


def tiled_over_images(encode):
    """Images [B, H, W, C] in; the group's code is repeated for every image."""

    def tiled(images):
        codes = encode(images[tf.newaxis])
        codes = {key: value[0] for key, value in codes.items()}
        shape = [tf.shape(images)[0], 1]
        return codes | {key: tf.tile(codes[key][tf.newaxis], shape) for key in ("beta_mean", "beta_stddev")}

    return tiled, tf.TensorSpec([None, *IMAGE_SHAPE], name="images")


def other_names(encode):
    return lambda pictures: encode(pictures), tf.TensorSpec([None, None, *IMAGE_SHAPE], name="pictures")


def other_dtype(encode):
    def of_doubles(images):
        return encode(tf.cast(images, tf.float32))

    return of_doubles, tf.TensorSpec([None, None, *IMAGE_SHAPE], tf.float64, name="images")


def random_codes(encode):
    def sampled(images):
        codes = encode(images)
        return codes | {"beta_mean": codes["beta_mean"] + tf.random.normal(tf.shape(codes["beta_mean"]))}

    return sampled, tf.TensorSpec([None, None, *IMAGE_SHAPE], name="images")


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        (fixed_groups, "serving_default has"),
        (fixed_size, "serving_default has"),
        (tiled_over_images, "serving_default has"),
        (other_names, "serving_default has"),
        (other_dtype, "serving_default has"),
        (random_codes, "RandomStandardNormal draws"),
    ],
)
def test_a_signature_that_servers_load_but_clients_cannot_rely_on_is_found(tmp_path, broken, told):
    model = small_model()
    function, spec = broken(model.signatures()["serving_default"][0])
    archive(tmp_path / "1", function, spec)
    found = faults(tmp_path / "1", contract(model.config, IMAGE_SHAPE))
    assert any(told in fault for fault in found), found
    assert any(fault.startswith("signatures ['serving_default'], not") for fault in found)
