"""The task `anatomy` on an exported model: how many posteriors there are, and what is bounded."""

import numpy as np
import pytest
from small_models import IMAGE_SHAPE, exported_with_data

from ugvae_tf.tasks.anatomy import report
from ugvae_tf.tasks.context import Context
from ugvae_tf.tasks.request import EvaluationRequest

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    images = np.random.default_rng(0).integers(256, size=(2100, *IMAGE_SHAPE[:2], 1), dtype=np.uint8)
    return exported_with_data(tmp_path_factory.mktemp("anatomy"), images, owner=np.repeat(np.arange(21), 100))


def test_a_group_by_a_label_has_one_posterior(model):
    found = report(Context(EvaluationRequest("anatomy", model, group_by="owner", groups=100).checked()))
    assert found.metrics["beta_information_limit"] == pytest.approx(np.log(21))
    assert found.metrics["beta_information_lower_bound"] <= np.log(21)
    assert "beta: nats a group, 21 groups\n" in found.table


def test_the_kl_of_z_is_an_upper_bound_from_two_numbers_of_betas(model):
    found = report(Context(EvaluationRequest("anatomy", model, groups=30).checked()))
    assert "z_aggregate_kl_lower_bound" not in found.metrics and "beta_aggregate_kl_lower_bound" in found.metrics
    assert found.metrics["z_kl_fewer_betas"] == pytest.approx(found.metrics["z_kl"], rel=0.2)
    assert "z: nats an image, 210 images; the KL is an upper bound" in found.table
    assert found.metrics["beta_information_limit"] == pytest.approx(np.log(30))
