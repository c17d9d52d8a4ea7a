"""Augmentation: one random slant and stretch for all images of a training group.

What the images of a group have in common varies more than it does in the data: every font gives slanted, wider and
narrower ones. What differs within a group does not change.
"""

import tensorflow as tf

SLANT = 0.15  # largest shift of a row, in pixels for each pixel of distance from the middle row
WIDTH, HEIGHT = 0.12, 0.06  # largest absolute logarithm of the factors of the two axes
STREAM = 2  # of the random numbers, which differ from those that form the groups


def augmented(steps: tf.data.Dataset, share: float, seed: int, first_step: int) -> tf.data.Dataset:
    """The same steps (images [G, B, H, W, C], mask [G, B]) with a share of the groups changed.

    The changes are a function of the seed and the step, so a resumed run has those of an uninterrupted one.
    """
    if not share:
        return steps

    def changed(step: tf.Tensor, of_step: tuple[tf.Tensor, tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
        images, mask = of_step
        return warped(images, changes(tf.shape(images)[0], share, tf.stack([seed, step]))), mask

    return steps.enumerate(first_step).map(changed, num_parallel_calls=1).prefetch(tf.data.AUTOTUNE)


def changes(groups: tf.Tensor, share: float, seed: tf.Tensor) -> tf.Tensor:
    """A random (slant, log width, log height) of every group [G, 3]; zeros in 1 - share of them."""
    seed = tf.random.experimental.stateless_fold_in(tf.cast(seed, tf.int64), STREAM)
    uniform = tf.random.stateless_uniform([groups, 4], seed)
    return tf.where(uniform[:, :1] < share, (2 * uniform[:, 1:] - 1) * [SLANT, WIDTH, HEIGHT], 0)


def warped(images: tf.Tensor, change: tf.Tensor) -> tf.Tensor:
    """The images of each group changed about their centre, interpolated bilinearly; the border is continued.

    The pixel (x, y) is that of the original at (x / width + slant y, y / height), measured from the centre.

    Args:
        images: [G, B, H, W, C]
        change: slant, log width and log height [G, 3].
    """
    shape = tf.shape(images)
    middle_y, middle_x = (tf.cast(size - 1, tf.float32) / 2 for size in (shape[2], shape[3]))
    slant, of_x, of_y = change[:, 0], tf.exp(-change[:, 1]), tf.exp(-change[:, 2])
    zero = tf.zeros_like(slant)
    shift_x, shift_y = middle_x - of_x * middle_x - slant * middle_y, middle_y - of_y * middle_y
    # Rows of the projective transformation of output coordinates to input coordinates, without perspective.
    rows = tf.stack([of_x, slant, shift_x, zero, of_y, shift_y, zero, zero], axis=1)  # [G, 8]
    flat = tf.raw_ops.ImageProjectiveTransformV3(
        images=tf.reshape(images, tf.concat([[-1], shape[2:]], axis=0)),
        transforms=tf.repeat(rows, shape[1], axis=0),
        output_shape=shape[2:4],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="NEAREST",
    )
    return tf.reshape(flat, shape)
