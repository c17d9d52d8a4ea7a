"""The signatures of an exported model: the contract with TensorFlow Serving (docs/serving.md)."""

from typing import TYPE_CHECKING

import tensorflow as tf

from ugvae_tf.models.base import Signature, Tensors

if TYPE_CHECKING:
    from ugvae_tf.models.family import FamilyModel


def family_signatures(model: "FamilyModel") -> dict[str, Signature]:
    """By name; the first axis of every input and output is the groups, and G and B are free."""
    images = tf.TensorSpec([None, None, *model.image_shape], name="images")
    sizes = tf.TensorSpec([None], tf.int32, name="group_sizes")
    z = tf.TensorSpec([None, None, model.config.local_size], name="z")
    beta = tf.TensorSpec([None, model.config.global_size], name="beta")

    def encode(images: tf.Tensor) -> Tensors:
        return model.encoded(images, tf.ones(tf.shape(images)[:2]))

    def encode_ragged(images: tf.Tensor, group_sizes: tf.Tensor) -> Tensors:
        return model.encoded(images, tf.sequence_mask(group_sizes, tf.shape(images)[1], tf.float32))

    def prior_of_all(group_sizes: tf.Tensor) -> Tensors:
        return model.prior(None, tf.shape(group_sizes)[0])

    def global_prior(group_sizes: tf.Tensor) -> Tensors:
        p_beta = model.global_prior(groups=tf.shape(group_sizes)[0])
        return {"beta_mean": p_beta.mean(), "beta_stddev": p_beta.stddev()}

    found: dict[str, Signature] = {
        "serving_default": (encode, [images]),
        "encode_ragged": (encode_ragged, [images, sizes]),
        "decode": (model.decode, [z, beta] if model.config.decodes_beta else [z]),
    }
    if not model.config.has_beta:
        return found | {"prior": (prior_of_all, [sizes])}
    return found | {
        "experts": (model.experts, [images]),
        "prior": (lambda beta: model.prior(beta, tf.shape(beta)[0]), [beta]),
        "global_prior": (global_prior, [sizes]),
    }
