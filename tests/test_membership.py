"""Membership: bounds at a beta of each image's own, leave-one-out scores, and conformal p-values."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import norm
from small_models import COLOUR_SHAPE, EXTENDED
from test_encode import written

from ugvae_tf.config import Config
from ugvae_tf.errors import UserError
from ugvae_tf.evaluation import membership
from ugvae_tf.evaluation.experts import Natural
from ugvae_tf.evaluation.membership import ImagePosteriors
from ugvae_tf.evaluation.prediction import bounds_given_betas
from ugvae_tf.groups.encode import encode_with_images
from ugvae_tf.groups.members import _needed, members, ranked
from ugvae_tf.groups.rows import Groups, experts_of
from ugvae_tf.groups.scores import ByImages, GroupImages
from ugvae_tf.serving.group_table import ImageTable
from ugvae_tf.serving.served_model import ServedModel

KINDS = [{}, EXTENDED]


def images_of(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(256, size=(count, *COLOUR_SHAPE), dtype=np.uint8)


def posteriors_of(model: ServedModel, images: np.ndarray, probs: bool) -> ImagePosteriors:
    codes = model.encode(images)
    return ImagePosteriors(
        images / 255, codes.z_mean[0], codes.z_stddev[0], codes.component_probs[0] if probs else None
    )


@pytest.mark.parametrize("settings", KINDS, ids=str)
def test_the_bound_of_an_image_is_that_of_the_task_prediction(served, settings, monkeypatch):
    monkeypatch.setattr(membership, "IMAGES_PER_CALL", 2)
    model, images = served(**settings), images_of(5)
    codes, is_optimal = model.encode(images), settings == EXTENDED
    betas = np.random.default_rng(1).normal(size=(5, codes.beta_mean.shape[1])).astype(np.float32)
    all_pairs = bounds_given_betas(model, images / 255, codes, codes.z_mean[0], betas, is_optimal)
    found = membership.bounds(model, posteriors_of(model, images, not is_optimal), betas)
    np.testing.assert_allclose(found, np.diagonal(all_pairs), rtol=1e-4)
    marginal = membership.marginal(model, posteriors_of(model, images, not is_optimal), betas)
    np.testing.assert_allclose(marginal, logsumexp(all_pairs, axis=0) - np.log(5), rtol=1e-4)


@pytest.mark.parametrize("settings", KINDS, ids=str)
def test_a_score_is_the_bound_given_the_code_of_the_other_images(served, settings):
    model, images = served(**settings), images_of(6)
    is_optimal = settings == EXTENDED
    groups = Groups(images, model)
    posteriors, log_p = posteriors_of(model, images, not is_optimal), np.zeros(6)
    found = membership.member_scores(model, posteriors, experts_of(groups.rows("all")), groups.prior, log_p)
    codes = model.encode(images)
    for place in range(6):
        beta = model.encode(np.delete(images, place, axis=0)).beta_mean
        all_pairs = bounds_given_betas(model, images / 255, codes, codes.z_mean[0], beta, is_optimal)
        assert found[place] == pytest.approx(all_pairs[0, place], rel=1e-4)


@pytest.mark.parametrize("settings", [{}, EXTENDED, {"model": "gm-vae"}], ids=str)
def test_members_by_components_need_no_beta(served, settings):
    images, groups = images_of(16), np.repeat(["a", "b"], 8)
    found = members(images, "b", served(**settings), group_by=groups, by="components")
    assert sorted(found.image) == list(range(8, 16))
    other, changes = images_of(2, seed=1), {"by": "components", "candidates": images_of(2, seed=1)}
    new = members(images, "b", served(**settings), group_by=groups, **changes)
    assert ((new.p_value >= 1 / 9 - 1e-9) & (new.p_value <= 1)).all() and len(new.image) == len(other)
    _, rows = encode_with_images(images, served(**settings), group_by=groups)
    for expected, of_rows in (
        (found, members(rows, "b", served(**settings), by="components")),
        (
            new,
            members(rows, "b", served(**settings), **changes),
        ),
    ):
        np.testing.assert_array_equal(of_rows.image, expected.image)
        np.testing.assert_allclose(of_rows.score, expected.score, rtol=1e-4, atol=1e-5)
    if settings.get("model") is None:
        with pytest.raises(UserError, match="The score of a whole image needs images, not a table of codes"):
            members(rows, "b", served(**settings))


def test_conformal_p_values_count_scores():
    found = membership.conformal_p_values(np.array([-1.0, 0.5, 9.0]), np.array([0.0, 0.5, 1.0, 2.0]))
    np.testing.assert_allclose(found, [1 / 5, 3 / 5, 1])


def test_conformal_p_values_of_exchangeable_scores_are_uniform():
    scores = np.random.default_rng(0).normal(size=(4000, 20))
    p_values = np.array([membership.conformal_p_values(row[:1], row[1:])[0] for row in scores])
    for level in (0.05, 0.25, 0.5, 0.95):
        assert (p_values <= level + 1e-9).mean() == pytest.approx(level, abs=4 * np.sqrt(level * (1 - level) / 4000))


def test_p_values_of_members_are_ranks_among_the_images_of_other_groups(served):
    images, groups = images_of(30), np.repeat(["a", "b", "c"], 10)
    found = members(images, "b", served(), group_by=groups)
    assert sorted(found.image) == list(range(10, 20))
    assert (np.diff(found.score) >= 0).all()
    assert (np.diff(found.p_value) >= 0).all()
    assert set(np.round(found.p_value * 21).astype(int)) <= set(range(1, 22))


def test_a_group_alone_is_ranked_among_its_own_images(served):
    found = members(images_of(7), "all", served())
    np.testing.assert_allclose(found.p_value, np.arange(1, 8) / 7)


@pytest.mark.parametrize("settings", KINDS, ids=str)
def test_a_candidate_is_ranked_among_the_group_that_has_it(served, settings):
    model, images, new = served(**settings), images_of(9), images_of(2, seed=1)
    found = members(images, "all", model, candidates=new)
    assert sorted(found.image) == [0, 1]
    for place in (0, 1):
        joined = np.concatenate([images, new[place : place + 1]])
        alone = members(joined, "all", model)
        chosen, own = found.image == place, alone.image == 9
        assert found.score[chosen] == pytest.approx(alone.score[own], rel=1e-3)
        assert found.p_value[chosen] == pytest.approx(alone.p_value[own])


def test_damaged_candidates_are_skipped_and_a_manifest_of_them_needs_no_groups(served, tmp_path):
    images = images_of(8)
    written(tmp_path / "new", images[:3], np.repeat(["x"], 3))
    (tmp_path / "new" / "x" / "broken.png").write_bytes(b"no image")
    (tmp_path / "new.csv").write_text("path\n" + "".join(f"new/x/0{place}.png\n" for place in range(3)))
    of_folder = members(images, "all", served(), candidates=tmp_path / "new", corrupt="skip")
    of_manifest = members(images, "all", served(), candidates=tmp_path / "new.csv")
    np.testing.assert_array_equal(of_folder.score, of_manifest.score)
    with pytest.raises(UserError, match=r"broken\.png cannot be decoded"):
        members(images, "all", served(), candidates=tmp_path / "new")
    with pytest.raises(UserError, match="`by` must be one of images, components, not x"):
        members(images, "all", served(), by="x")


def test_the_group_is_compared_with_groups_of_at_most_its_size(served):
    groups = Groups(images_of(30), served(), np.repeat(["a", "b", "c"], [4, 6, 20]))
    needed = _needed(groups, "b", False, np.random.default_rng(0))
    assert [len(needed.rows(name)) for name in "abc"] == [4, 6, 6]
    assert [len(_needed(groups, "b", True, np.random.default_rng(0)).rows(name)) for name in "abc"] == [4, 6, 20]


class OneNumber:
    """x = beta + noise, an image of one pixel, beta ~ N(0, 1); z is noise that nothing depends on."""

    STDDEV = 0.5
    settings = Config()

    def prior(self, beta):
        zero = np.zeros([len(beta), 1, 1])
        return {"z_mean": zero, "z_stddev": zero + 1, "component_probs": np.ones([len(beta), 1])}

    def decode(self, z, beta):
        mean = np.broadcast_to(beta[:, :, np.newaxis, np.newaxis, np.newaxis], [*z.shape[:2], 1, 1, 1])
        return {"image_mean": mean, "image_stddev": np.full(mean.shape, self.STDDEV)}

    def group(self, size: int, random: np.random.Generator) -> GroupImages:
        x = random.normal() + self.STDDEV * random.normal(size=(size, 1))
        precision, zero = np.full([size, 1], self.STDDEV**-2), np.zeros([size, 1])
        rows = ImageTable(np.arange(size), np.zeros(size), precision, precision * x, zero, zero + 1, zero + 1)
        groups = SimpleNamespace(model=self, prior=Natural(np.ones(1), np.zeros(1)))
        return GroupImages(groups, rows, x[:, :, np.newaxis, np.newaxis])


@pytest.mark.parametrize("others", [1, 3])
def test_members_are_rarely_foreign_even_with_few_other_groups(others):
    random, model, share = np.random.default_rng(0), OneNumber(), []
    for _ in range(120):
        own, *rest = (model.group(40, random) for _ in range(1 + others))
        share.append((ranked(own, rest, ByImages(own, rest))[1] <= 0.05).mean())
    assert np.mean(share) < 0.05 + 2 * np.std(share) / np.sqrt(len(share))


def test_a_marginal_evaluates_the_components_once_for_each_beta(monkeypatch):
    model, random, counts = OneNumber(), np.random.default_rng(0), []
    group, prior = model.group(7, random), OneNumber.prior
    monkeypatch.setattr(OneNumber, "prior", lambda self, beta: counts.append(len(beta)) or prior(self, beta))
    monkeypatch.setattr(membership, "IMAGES_PER_CALL", 3)
    betas = random.normal(size=(4, 1))
    found = membership.marginal(model, group.posteriors, betas)
    expected = logsumexp(norm.logpdf(group.pixels[:, 0, 0], betas.T, model.STDDEV), axis=1) - np.log(4)
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert counts == [1] * 4


def test_images_of_the_group_are_not_scored_again_for_each_candidate(monkeypatch):
    model, random, counts = OneNumber(), np.random.default_rng(0), []
    own, new, *others = (model.group(size, random) for size in (6, 3, 6, 6))
    score, decode = ByImages(own, others), OneNumber.decode
    expected = [score(own.with_image(new, place)) for place in range(3)]
    monkeypatch.setattr(
        OneNumber, "decode", lambda self, z, beta: counts.append(z[..., 0].size) or decode(self, z, beta)
    )
    np.testing.assert_allclose(list(score.with_candidates(own, new)), expected)
    assert sum(counts) == 2 * (6 + 3) + 3 * 7, "two marginals, and the scores given the rest"


def test_one_image_and_an_unknown_group_are_explained(served):
    with pytest.raises(UserError, match="has one image"):
        members(images_of(1), "all", served())
    with pytest.raises(UserError, match="There is no group 'x'"):
        members(images_of(3), "x", served())
    with pytest.raises(UserError, match="no beta"):
        members(images_of(3), "all", served(model="gm-vae"))
