"""Groups by the clusters of an exported model: no label is asked, the model's own components stand for one."""

from pathlib import Path

from ugvae_tf.datasets.loading import ImageSet
from ugvae_tf.datasets.streaming import StreamedSet
from ugvae_tf.errors import UserError
from ugvae_tf.evaluation.codes import encode_images
from ugvae_tf.saved_model import is_version
from ugvae_tf.serving import ServedModel


def label_by_model(images: ImageSet | StreamedSet, group_by: str | None) -> None:
    """Add a label to the images if `group_by` is a version's folder: their most probable component d.

    The label's name is the folder, which is what `--group-by` looks for; a label that the
    images have already is left alone.

    Raises:
        UserError: the model has no mixture, or takes images of another shape.
    """
    if group_by is None or isinstance(images, StreamedSet) or group_by in images.labels:
        return
    if not is_version(Path(group_by)):
        return
    model = ServedModel(group_by)
    if not model.settings.model.has_mixture:
        raise UserError(f"The model in {group_by} has no mixture to --group-by: give a ug-vae or a gm-vae.")
    if images.image_shape != model.image_shape:
        raise UserError(f"The images are {images.image_shape}, but {group_by} takes {model.image_shape}.")
    components = encode_images(model, images.images, "clusters").component_probs.argmax(axis=1)
    images.labels[group_by] = components
