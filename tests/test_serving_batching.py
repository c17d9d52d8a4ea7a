"""What a server does to groups: merges requests, pads them, and warms up; what a client does: merges shards."""

import threading

import numpy as np
import pytest
import tensorflow as tf
from cpp_process import ask
from small_models import IMAGE_SHAPE, random_images, small_model
from tensorflow_serving.apis import prediction_log_pb2

from ugvae_tf.config import Config, to_json
from ugvae_tf.serving import export, saved_model

GROUP_SIZE = 9  # of the warm-up
SIZE = 11
CALLERS = (1, 3, 2, 1, 4, 2, 1, 2)  # groups in each request


@pytest.fixture(scope="module")
def version(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served")
    export.export_version(small_model(), folder / "1", to_json(Config()), GROUP_SIZE)
    return folder / "1"


@pytest.fixture(scope="module")
def signatures(version):
    loaded = tf.saved_model.load(str(version))
    yield loaded.signatures


IMAGES = tf.TensorSpec([None, None, *IMAGE_SHAPE])
SIZES = tf.TensorSpec([None], tf.int32)


def batched(function, *specs):
    """The function behind TensorFlow's own batching op, which the server's batching is built on."""

    @tf.function(input_signature=specs)
    @tf.nondifferentiable_batch_function(num_batch_threads=1, max_batch_size=16, batch_timeout_micros=200_000)
    def merged(*inputs):
        return function(*inputs), tf.fill(tf.shape(inputs[0])[:1], tf.shape(inputs[0])[0])  # and the merged size

    return merged.get_concrete_function()


def ask_at_once(function, requests: list[tuple[np.ndarray, ...]]) -> list:
    """The answer to every request, all of them made by threads of their own."""
    answers, barrier = [None] * len(requests), threading.Barrier(len(requests))

    def request(place):
        barrier.wait()
        answers[place] = function(*map(tf.constant, requests[place]))

    threads = [threading.Thread(target=request, args=[place]) for place in range(len(requests))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_requests_that_the_server_merges_are_answered_as_if_alone(signatures):
    requests = [(random_images(groups, SIZE, seed),) for seed, groups in enumerate(CALLERS)]
    answers = ask_at_once(batched(lambda images: signatures["serving_default"](images=images), IMAGES), requests)
    assert max(merged.numpy().max() for _, merged in answers) > max(CALLERS)  # the op did merge requests
    for (images,), (codes, _) in zip(requests, answers, strict=True):
        for key, value in signatures["serving_default"](images=tf.constant(images)).items():
            np.testing.assert_allclose(codes[key], value, rtol=1e-5, atol=1e-6, err_msg=key)


def test_merged_groups_of_unequal_size_keep_to_themselves(signatures):
    random = np.random.default_rng(0)
    sizes = [random.integers(1, SIZE, groups, np.int32, endpoint=True) for groups in CALLERS]
    requests = [(random_images(len(own), SIZE, seed), own) for seed, own in enumerate(sizes)]
    ragged = batched(lambda images, own: signatures["encode_ragged"](images=images, group_sizes=own), IMAGES, SIZES)
    for (images, own), (codes, _) in zip(requests, ask_at_once(ragged, requests), strict=True):
        for group, size in enumerate(own):
            alone = signatures["serving_default"](images=tf.constant(images[[group], :size]))
            np.testing.assert_allclose(codes["beta_mean"][group], alone["beta_mean"][0], rtol=1e-5, atol=1e-6)
            np.testing.assert_allclose(codes["z_mean"][group, :size], alone["z_mean"][0], rtol=1e-5, atol=1e-6)


def test_groups_of_different_size_are_not_merged_but_refused(signatures):
    server = batched(lambda images: signatures["serving_default"](images=images), IMAGES)
    refused = []

    def attempt(images):
        try:
            server(images)
        except tf.errors.InvalidArgumentError as error:
            refused.append(str(error))

    ask_at_once(attempt, [(random_images(1, size),) for size in (5, 6)])
    assert refused


def test_a_code_tiled_over_images_would_be_corrupted_in_silence(signatures):
    def tiled(images):
        """Images [B, H, W, C] to a code [B, M], the same for every image: what our signatures are not."""
        beta = signatures["serving_default"](images=images[tf.newaxis])["beta_mean"]
        return tf.tile(beta, [tf.shape(images)[0], 1])

    requests = [(random_images(1, 2, seed)[0],) for seed in range(4)]
    wrong = [
        np.abs(codes - tiled(tf.constant(r))).max()
        for (r,), (codes, _) in zip(
            requests, ask_at_once(batched(tiled, tf.TensorSpec([None, *IMAGE_SHAPE])), requests), strict=True
        )
    ]
    assert max(wrong) > 0.01


def test_groups_in_one_request_equal_groups_in_requests_of_their_own(signatures):
    images = random_images(5, SIZE)
    together = signatures["serving_default"](images=tf.constant(images))
    for group in range(5):
        alone = signatures["serving_default"](images=tf.constant(images[[group]]))
        for key, value in alone.items():
            np.testing.assert_allclose(together[key][group], value[0], rtol=1e-5, atol=1e-6, err_msg=key)


@pytest.mark.parametrize("padding", [0.0, 1.0, 7.5, np.nan, np.inf, -np.inf])
def test_padding_counts_for_nothing_whatever_it_is(signatures, padding):
    images = random_images(2, 5)
    padded = np.concatenate([images, np.full((2, 3, *IMAGE_SHAPE), padding, np.float32)], axis=1)
    expected = signatures["serving_default"](images=tf.constant(images))
    found = signatures["encode_ragged"](images=tf.constant(padded), group_sizes=tf.constant([5, 5]))
    for key in ("beta_mean", "beta_stddev"):
        np.testing.assert_allclose(found[key], expected[key], rtol=1e-6, atol=1e-6, err_msg=key)
    for key in ("z_mean", "z_stddev", "component_probs"):
        np.testing.assert_allclose(found[key][:, :5], expected[key], rtol=1e-6, atol=1e-6, err_msg=key)
        assert np.isfinite(found[key]).all()


def test_experts_of_shards_in_any_order_sum_to_the_code_of_the_whole_group(signatures):
    images = random_images(1, 10_000)
    whole = signatures["serving_default"](images=tf.constant(images))
    cuts = [3, 40, 1000, 1001, 5000, 9990]
    shards = np.split(images, cuts, axis=1)
    for order in (range(7), (6, 2, 0, 5, 4, 1, 3)):
        parts = [signatures["experts"](images=tf.constant(shards[place])) for place in order]
        precision = sum(part["precision"].numpy().sum(axis=1, dtype=float) for part in parts)  # [1, M]
        precision_mean = sum(part["precision_mean"].numpy().sum(axis=1, dtype=float) for part in parts)
        np.testing.assert_allclose(precision_mean / precision, whole["beta_mean"], rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(precision**-0.5, whole["beta_stddev"], rtol=1e-5)


@pytest.mark.slow
def test_warm_up_asks_every_signature_for_a_group_of_the_trained_size(version):
    path = version / "assets.extra" / "tf_serving_warmup_requests"
    assert path.stat().st_size < 2000
    calls = []
    for record in tf.data.TFRecordDataset(str(path)):
        request = prediction_log_pb2.PredictionLog.FromString(record.numpy()).predict_log.request
        inputs = {}
        for key, proto in request.inputs.items():
            inputs[key] = tf.io.parse_tensor(proto.SerializeToString(), tf.DType(proto.dtype)).numpy()  # by C++
        calls.append((request.model_spec.signature_name, inputs))
    assert {name for name, _ in calls} == set(saved_model.read_signatures(version))
    by_name = dict(calls)
    np.testing.assert_array_equal(by_name["encode_ragged"]["group_sizes"], [GROUP_SIZE])
    np.testing.assert_array_equal(by_name["experts"]["images"], np.full([1, GROUP_SIZE, *IMAGE_SHAPE], 0.5, np.float32))
    for (name, inputs), answer in zip(calls, ask(version, calls).outputs, strict=True):
        assert all(len(value) == 1 for value in answer.values()), name
        assert inputs
