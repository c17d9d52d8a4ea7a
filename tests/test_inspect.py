"""Exports read without TensorFlow: our short definitions of its messages, and the command that shows a model."""

import resource
import subprocess
import sys
from pathlib import Path

import pytest
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow_serving.apis import prediction_log_pb2

from ugvae_tf.commands import inspect
from ugvae_tf.errors import UserError
from ugvae_tf.serving import messages, saved_model

ROOT = Path(__file__).parents[1]
MNIST = ROOT / "saved_models" / "mnist"


def fields(descriptor, name: str = "") -> dict[str, int]:
    """The number of every field of a message and of those inside it, by its path."""
    found = {}
    for field in descriptor.fields:
        path = f"{name}.{field.name}"
        found[path] = field.number
        if field.message_type and path.count(field.name) == 1:  # a tensor may hold tensors
            found |= fields(field.message_type, path)
    return found


@pytest.mark.parametrize(
    ("ours", "official"),
    [
        (messages.SavedModel, saved_model_pb2.SavedModel),
        (messages.PredictionLog, prediction_log_pb2.PredictionLog),
    ],
)
def test_our_messages_have_the_fields_and_numbers_of_the_official_ones(ours, official):
    assert fields(ours.DESCRIPTOR).items() <= fields(official.DESCRIPTOR).items()


def test_signatures_are_read_as_tensorflow_reads_them():
    official = saved_model_pb2.SavedModel.FromString((MNIST / "1" / "saved_model.pb").read_bytes())
    definitions = official.meta_graphs[0].signature_def
    found = saved_model.read_signatures(MNIST / "1")
    assert set(found) == set(definitions) - {saved_model.INITIALISATION}
    for name, signature in found.items():
        for ours, theirs in (
            (signature.inputs, definitions[name].inputs),
            (signature.outputs, definitions[name].outputs),
        ):
            assert set(ours) == set(theirs)
            for key, info in ours.items():
                shape = tuple(None if dim.size < 0 else dim.size for dim in theirs[key].tensor_shape.dim)
                assert info == (theirs[key].name, theirs[key].dtype, shape)


def run(*arguments) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "ugvae_tf", "inspect", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT)


@pytest.mark.slow
def test_a_model_is_shown_within_a_second():
    """Of CPU time: other tests share the cores."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = run(MNIST)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 1
    assert result.returncode == 0 and result.stderr == ""
    assert "ug-vae, mlp body, gaussian likelihood, K = 40, L = 10, M = 100" in result.stdout
    assert (
        "mnist, 54,000 training, 6,000 validation and 10,000 held-out images of 28x28x1, in groups of 128"
        in result.stdout
    )
    assert "encode_ragged    group_sizes [G] int32  images [G,B,28,28,1]" in result.stdout
    assert "-> component_probs [G,40]  z_mean [G,40,10]  z_stddev [G,40,10]" in result.stdout


@pytest.mark.parametrize("content", ["nothing", "no version", "empty version", "garbage", "strange config"])
def test_a_folder_that_is_no_model_is_told(tmp_path, content):
    extra = tmp_path / "model" / "1" / "assets.extra"
    if content in ("garbage", "strange config"):
        extra.mkdir(parents=True)
        (extra / "config.json").write_text('{"model": {}}')
        graph = (MNIST / "1" / "saved_model.pb").read_bytes() if content == "strange config" else b"garbage"
        (extra.parent / "saved_model.pb").write_bytes(graph)
    elif content != "nothing":
        (extra.parent if content == "empty version" else extra.parents[1]).mkdir(parents=True)
    with pytest.raises(UserError, match="train"):
        inspect.describe(tmp_path / "model")


def test_the_command_tells_a_bad_path_in_one_sentence_and_exits_with_2(tmp_path):
    result = run(tmp_path / "missing")
    assert result.returncode == 2 and result.stdout == ""
    assert result.stderr.count("\n") == 1 and "is no folder of an exported model" in result.stderr
