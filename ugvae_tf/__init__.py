"""ugvae_tf: the Unsupervised Global VAE, one code for a group of images, learned without labels.

    import ugvae_tf as ug

    train, held_out = ug.load_images("mnist")
    model = ug.from_preset("mnist")
    model.compile("adam")
    model.fit(ug.random_groups(train, group_size=128, groups_per_step=2), epochs=12)
    codes = model.encode(held_out.images[:128])

Images are [G, B, H, W, C]: G groups of B images, uint8 or floats in [0, 1]. The public names are imported at their
first use, so `import ugvae_tf` and `ugvae --help` do not import TensorFlow.
"""

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ugvae_tf.errors import UserError
from ugvae_tf.quiet import choose_onednn, quiet_tensorflow

if TYPE_CHECKING:
    from ugvae_tf.codes import Codes as Codes
    from ugvae_tf.datasets.front import label_groups as label_groups
    from ugvae_tf.datasets.front import load_images as load_images
    from ugvae_tf.datasets.front import random_groups as random_groups
    from ugvae_tf.datasets.image_set import ImageSet as ImageSet
    from ugvae_tf.groups.compare import compare as compare
    from ugvae_tf.groups.encode import encode as encode
    from ugvae_tf.groups.encode import encode_with_images as encode_with_images
    from ugvae_tf.groups.members import members as members
    from ugvae_tf.groups.representatives import representatives as representatives
    from ugvae_tf.groups.similar import similar as similar
    from ugvae_tf.models import BetaVae as BetaVae
    from ugvae_tf.models import GmVae as GmVae
    from ugvae_tf.models import MlVae as MlVae
    from ugvae_tf.models import NestedVae as NestedVae
    from ugvae_tf.models import UgVae as UgVae
    from ugvae_tf.models import Vae as Vae
    from ugvae_tf.serving.export import export as export
    from ugvae_tf.serving.group_table import GroupTable as GroupTable
    from ugvae_tf.serving.group_table import ImageTable as ImageTable
    from ugvae_tf.serving.served_model import ServedModel as ServedModel
    from ugvae_tf.serving.served_model import load as load
    from ugvae_tf.training.fitting import from_preset as from_preset

__version__ = "0.2.0"

_MODULES = {
    "Codes": "codes",
    "ImageSet": "datasets.image_set",
    "load_images": "datasets.front",
    "random_groups": "datasets.front",
    "label_groups": "datasets.front",
    "UgVae": "models",
    "MlVae": "models",
    "GmVae": "models",
    "Vae": "models",
    "BetaVae": "models",
    "NestedVae": "models",
    "from_preset": "training.fitting",
    "export": "serving.export",
    "load": "serving.served_model",
    "ServedModel": "serving.served_model",
    "encode": "groups.encode",
    "encode_with_images": "groups.encode",
    "similar": "groups.similar",
    "members": "groups.members",
    "compare": "groups.compare",
    "representatives": "groups.representatives",
    "GroupTable": "serving.group_table",
    "ImageTable": "serving.group_table",
}
__all__ = ["UserError", "__version__", *_MODULES]


def __getattr__(name: str) -> Any:
    """Import a public name at its first use (PEP 562)."""
    if name not in _MODULES:
        raise AttributeError(f"module 'ugvae_tf' has no attribute '{name}'")
    with quiet_tensorflow():
        value = getattr(import_module(f"ugvae_tf.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


choose_onednn()
if "keras" in sys.modules:  # then `keras.models.load_model` should find our models, and nothing slow is left to import
    _ = import_module("ugvae_tf.models").MODELS  # imports them all


def __dir__() -> list[str]:
    return sorted(__all__)
