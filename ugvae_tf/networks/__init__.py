"""Encoder bodies from images to features, and decoder bodies from latent variables to pixels.

Both are made from (image shape, config). An encoder takes images [G, B, H, W, C] and
Keras's `training`, and returns features [G, B, hidden_units]. A decoder takes z [G, B, L]
and, in a model that decodes it, beta [G, M]. It returns [G, B, H, W, C] without a final activation.
"""

from collections.abc import Callable

import keras

from ugvae_tf.networks.conv import ConvDecoder, ConvEncoder
from ugvae_tf.networks.gated import GatedDecoder, GatedEncoder
from ugvae_tf.networks.mlp import MlpDecoder, MlpEncoder

Body = Callable[..., keras.layers.Layer]

ENCODERS: dict[str, Body] = {"mlp": MlpEncoder, "conv": ConvEncoder, "gated": GatedEncoder}
DECODERS: dict[str, Body] = {"mlp": MlpDecoder, "conv": ConvDecoder, "gated": GatedDecoder}
