"""Groups by the clusters of an exported model: its components d replace a label."""

from ugvae_tf.datasets.image_set import ImageSet
from ugvae_tf.datasets.streaming import StreamedSet
from ugvae_tf.errors import UserError
from ugvae_tf.serving.codes import encode_images
from ugvae_tf.serving.served_model import ServedModel
from ugvae_tf.training.fitting import CLUSTER


def clustered(images: ImageSet | StreamedSet, folder: str, trust: bool = False) -> ImageSet:
    """The images with the additional label CLUSTER: the most probable component d under the model in `folder`.

    Args:
        folder: of an exported model.
        trust: load it also if it has operations beyond those on tensors and variables.

    Raises:
        UserError: the model has no mixture, takes images of another shape, or the images are streamed.
    """
    images, model = images.in_memory("Groups by clusters"), ServedModel(folder, trust)
    if not model.settings.model.has_mixture:
        raise UserError(f"The model in {folder} has no mixture for `group_by_clusters`: give a ug-vae or a gm-vae.")
    if images.image_shape != model.image_shape:
        raise UserError(f"The images are {images.image_shape}, but {folder} takes {model.image_shape}.")
    return images.with_label(CLUSTER, encode_images(model, images.images, "clusters").component_probs.argmax(axis=1))
