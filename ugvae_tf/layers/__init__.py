"""The distributions of UG-VAE as layers: tensors in, one tfd distribution out (for q(beta), its experts).

G groups, B images in a group, K components, L dimensions of z, M dimensions of beta.
"""

from ugvae_tf.layers.decoder import Decoder
from ugvae_tf.layers.encoders import ComponentEncoder, Experts, GlobalEncoder, LocalEncoder
from ugvae_tf.layers.priors import ComponentPrior, GlobalPrior, MixturePrior

__all__ = [
    "ComponentEncoder",
    "ComponentPrior",
    "Decoder",
    "Experts",
    "GlobalEncoder",
    "GlobalPrior",
    "LocalEncoder",
    "MixturePrior",
]
