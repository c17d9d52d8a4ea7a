"""Codes of groups as arrays, divergences of codes, and images generated from codes; metrics and nearest groups."""

from ugvae_tf.codes.moments import Arrays, Codes, GaussianCodes, generated, symmetric_kl

__all__ = ["Arrays", "Codes", "GaussianCodes", "generated", "symmetric_kl"]
