"""TFDS builders of the paper's image sets that cannot be downloaded automatically: the user places the files.

Importing this package registers them with TFDS. Users write the names with a dash, TFDS with an underscore.
"""

from ugvae_tf.datasets.builders.cars3d_fidler import Cars3dFidler
from ugvae_tf.datasets.builders.chairs3d_aubry import Chairs3dAubry
from ugvae_tf.datasets.builders.faces3d_bfm import Faces3dBfm
from ugvae_tf.datasets.builders.manual import ManualBuilder

BUILDERS: dict[str, type[ManualBuilder]] = {
    builder.name.replace("_", "-"): builder for builder in (Cars3dFidler, Chairs3dAubry, Faces3dBfm)
}
