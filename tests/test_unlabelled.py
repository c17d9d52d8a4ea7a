"""Tasks on images without labels: something to look at, or the names of the tasks that need no label."""

import numpy as np
import pytest
from small_models import new_model

from ugvae_tf.codes import symmetric_kl
from ugvae_tf.config import Config, DataConfig, to_json
from ugvae_tf.errors import UserError
from ugvae_tf.plots.thumbnails import thumbnails
from ugvae_tf.serving import export
from ugvae_tf.serving.codes import group_codes
from ugvae_tf.tasks import clustering, embedding, interpolation, unlabelled
from ugvae_tf.tasks.batch_classification import report as batch_classification
from ugvae_tf.tasks.context import Context
from ugvae_tf.tasks.request import EvaluationRequest
from ugvae_tf.tasks.swap import report as swap


@pytest.fixture(scope="module")
def context_of(tmp_path_factory):
    """A function from a task to its context: 400 images, 40 held out, without labels or with `owner`."""
    folder = tmp_path_factory.mktemp("unlabelled")
    images = np.random.default_rng(0).integers(256, size=(400, 7, 5, 1), dtype=np.uint8)
    np.savez(folder / "plain.npz", image=images)
    np.savez(folder / "owned.npz", image=images, owner=np.arange(400) % 4)
    model = new_model(image_shape=(7, 5, 1))
    data = DataConfig("npz", str(folder / "plain.npz"), group_size=4)
    text = to_json(Config(data=data, model=model.config), image_shape=[7, 5, 1])
    export.export_version(model, folder / "1", text)

    def made(task: str, name: str = "plain.npz", **settings) -> Context:
        request = EvaluationRequest(task, str(folder), data_dir=str(folder / name), **settings)
        return Context(request.checked())

    return made


def test_clustering_shows_the_components(context_of):
    context = context_of("clustering")
    found = clustering.report(context)
    shares = [found.metrics[f"share_{d}"] for d in range(6)]
    assert sum(shares) == pytest.approx(1)
    np.testing.assert_allclose(shares, context.held_out_codes.component_probs.mean(axis=0), rtol=1e-5)
    assert 1 <= found.metrics["components_in_use"] <= 6
    assert set(found.figures) == {"gallery"}


@pytest.mark.slow
def test_embedding_shows_images_in_place_of_points(context_of):
    assert set(embedding.report(context_of("embedding", groups=5)).figures) == {"groups", "images"}
    by_owner = embedding.report(context_of("embedding", "owned.npz", group_by="owner"))
    assert "4 groups (owner)" in by_owner.table


@pytest.mark.slow
def test_interpolation_goes_between_the_groups_farthest_apart(context_of):
    context = context_of("interpolation", groups=6)
    found = interpolation.report(context)
    members = unlabelled.groups_of(context, context.generator())
    codes = group_codes(context.held_out_codes, members)
    assert found.metrics["distance"] == pytest.approx(symmetric_kl(codes.beta_mean, codes.beta_stddev).max())
    assert found.metrics["median_distance"] <= found.metrics["distance"]
    assert set(found.figures) == {"between", "carried", "path"}


@pytest.mark.slow
def test_interpolation_goes_between_the_groups_that_the_user_names(context_of):
    found = interpolation.report(context_of("interpolation", "owned.npz", group_by="owner", between="1,3"))
    assert found.table.startswith("1 -> 3")
    with pytest.raises(UserError, match="two values of owner, such as 0,1"):
        interpolation.report(context_of("interpolation", "owned.npz", group_by="owner", between="1,9"))


def test_other_tasks_name_those_that_need_no_label(context_of):
    for task, report in {"batch-classification": batch_classification, "swap": swap}.items():
        with pytest.raises(UserError, match=r"clustering, embedding, interpolation, retrieval.* need none"):
            report(context_of(task))


def test_thumbnails_are_where_their_points_are():
    points = np.array([[0.0, 0.0], [1.0, 1.0], [1.0, 0.0], [1.0, 0.0]])
    images = np.stack([np.full([3, 3, 1], value) for value in (0.0, 0.25, 0.5, 0.75)])
    picture = np.asarray(thumbnails(points, images, "").axes[0].images[0].get_array())
    size = len(picture)
    assert picture[size - 5, 5, 0] == 0
    assert picture[5, size - 5, 0] == 64
    assert picture[size - 5, size - 5, 0] == 128  # the first one in its cell
    assert picture[5, 5, 0] == 255
