"""Plain Keras bodies: the encoder's from images to features, the decoder's back to pixels.

Both are made from (image shape, config). An encoder takes images [G, B, H, W, C] and
Keras's `training`, and returns features [G, B, hidden_units]. A decoder takes z [G, B, L]
and, if there is one, beta [G, M], and returns [G, B, H, W, C] without a final activation.
"""

from collections.abc import Callable

import keras

from ugvae_tf.networks.conv import ConvDecoder, ConvEncoder
from ugvae_tf.networks.mlp import MlpDecoder, MlpEncoder

Body = Callable[..., keras.layers.Layer]

ENCODERS: dict[str, Body] = {"mlp": MlpEncoder, "conv": ConvEncoder}
DECODERS: dict[str, Body] = {"mlp": MlpDecoder, "conv": ConvDecoder}
