"""The Keras interface of a model: call, fit, predict, get_config, save; also encode and generate."""

from dataclasses import asdict
from typing import Any, ClassVar

import keras
import numpy as np
import tensorflow as tf

from ugvae_tf import codes
from ugvae_tf.codes import Codes
from ugvae_tf.config import ModelConfig, ModelName
from ugvae_tf.config.precision import Precision
from ugvae_tf.config.presets import model_config
from ugvae_tf.errors import UserError
from ugvae_tf.models.inputs import ImageShape, as_groups, as_mask, as_tensors, check_shape

DATASETS = (tf.data.Dataset, tf.distribute.DistributedDataset)
IMAGES_PER_CALL = 8192  # of encode: large enough to use all cores, small enough for memory


class FrontDoor(keras.Model):
    """The part of a model that does not depend on its distributions.

    Args:
        image_shape: (H, W, C) of an image.
        seed: of the noise in training; `keras.utils.set_random_seed` sets that of the initial weights.
        settings: fields of `ModelConfig`, such as `components=40`; the others have their defaults.

    Raises:
        UserError: a setting is unknown, this model does not have it, or its value is invalid.
    """

    model_name: ClassVar[ModelName]  # of the subclass, as in a ModelConfig

    def __init__(self, image_shape: ImageShape = (28, 28, 1), seed: int = 0, **settings: Any) -> None:
        self.check_image_shape(image_shape)
        super().__init__()
        self.supports_masking = True  # `call` takes the mask; without this Keras warns that it is lost
        self.config: ModelConfig = model_config(self.model_name, settings)
        self.image_shape: ImageShape = (image_shape[0], image_shape[1], image_shape[2])
        self.seed = seed

    @staticmethod
    def check_image_shape(image_shape: Any) -> None:
        """Raise UserError unless it is (H, W, C)."""
        if len(tuple(image_shape)) != 3 or min(image_shape) < 1:
            raise UserError(f"image_shape must be (H, W, C), such as (28, 28, 1), not {image_shape}.")

    def encoded(self, images: tf.Tensor, mask: tf.Tensor) -> dict[str, tf.Tensor]:
        """The codes of each group and image by the names of `Codes`; parts that the model lacks are absent."""
        raise NotImplementedError

    def prior(self, beta: tf.Tensor | None, groups: tf.Tensor) -> dict[str, tf.Tensor]:
        """The components of each group [G, K, L], as a function of beta (paper eq. 3)."""
        raise NotImplementedError

    def decode(self, z: tf.Tensor, beta: tf.Tensor | None = None) -> dict[str, tf.Tensor]:
        """Mean and, for the Gaussian likelihood, standard deviation of every pixel (paper eq. 2)."""
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        settings = {name: value for name, value in asdict(self.config).items() if name != "model"}
        return {"image_shape": list(self.image_shape), "seed": self.seed, **settings}

    def get_build_config(self) -> dict[str, Any]:
        """Empty: the constructor's arguments determine all shapes."""
        return {}

    def build_from_config(self, config: dict[str, Any]) -> None:
        """Create all variables, before Keras loads the weights."""
        self.build()

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compile a loaded model with the saved arguments; Keras requires this of classes that override `compile`."""
        self.compile(**keras.saving.deserialize_keras_object(config))
        self.optimizer.build(self.trainable_variables)

    def get_compile_config(self) -> dict[str, Any] | None:
        """The arguments of `compile`, from which a saved model is compiled again."""
        found = super().get_compile_config()
        return found and found | {"precision": self.precision}

    def compile(
        self,
        optimizer: Any = "adam",
        *,
        jit_compile: bool = False,
        precision: Precision = "float32",
        **arguments: Any,
    ) -> None:
        """As in Keras, but without XLA by default: XLA compiles for seconds and slows convolutions on a CPU.

        Args:
            precision: of encoder and decoder in the training step, "bfloat16" or "float32". Variables, distributions,
                the bound, the optimiser and everything outside of training are float32. `fit` raises UserError for
                bfloat16 on a processor without instructions for it.
        """
        self.precision = precision
        super().compile(optimizer=optimizer, jit_compile=jit_compile, **arguments)

    def __call__(self, images: Any, mask: Any = None, **arguments: Any) -> dict[str, tf.Tensor]:
        """Codes and reconstructions; images are checked here, before Keras can add text to an error message."""
        if not _is_symbolic(images):
            images = as_groups(images, self.image_shape)
            mask = as_mask(mask, images)
            images = np.float32(images / 255) if images.dtype == np.uint8 else np.float32(images)
        else:
            check_shape(tuple(images.shape), self.image_shape)
        return super().__call__(images, mask=mask, **arguments)

    def call(self, images: tf.Tensor, mask: tf.Tensor | None = None) -> dict[str, tf.Tensor]:
        """Codes by the names of `Codes`, and `image_mean` [G, B, H, W, C]: the decoder's mean at the codes' means."""
        mask = tf.ones(tf.shape(images)[:2]) if mask is None else mask
        found = self.encoded(images, mask)
        beta = found.get("beta_mean") if self.config.decodes_beta else None
        return found | {"image_mean": self.decode(found["z_mean"], beta)["image_mean"]}

    def predict_step(self, data: Any) -> dict[str, tf.Tensor]:
        """Codes and reconstructions of a batch of groups."""
        return self.call(*as_tensors(data))

    def fit(self, x: Any = None, y: Any = None, **arguments: Any) -> keras.callbacks.History:
        """As in Keras, with the mask of the groups, if any, as `y`.

        Args:
            x: a dataset of groups, distributed or not; groups [G, B, H, W, C]; or one group.
        """
        if isinstance(x, DATASETS):
            arguments = {"shuffle": False} | arguments  # Keras warns about datasets that it cannot shuffle
        return super().fit(*self._inputs(x, y), **self._checked(arguments))

    def evaluate(self, x: Any = None, y: Any = None, **arguments: Any) -> Any:
        """As in Keras, with the inputs of `fit`: the loss and the terms of the bound, in nats per image."""
        return super().evaluate(*self._inputs(x, y), **arguments)

    def predict(self, x: Any, **arguments: Any) -> dict[str, np.ndarray]:
        """As in Keras, with the images of `fit`: the outputs of `call` as arrays."""
        if isinstance(x, DATASETS):
            return super().predict(self._inputs(x, None)[0], **arguments)
        groups, mask = self._inputs(x, None)
        size = arguments.pop("batch_size", None) or 32  # Keras's default
        return super().predict(tf.data.Dataset.from_tensor_slices((groups, mask)).batch(size), **arguments)

    def _inputs(self, x: Any, y: Any) -> tuple[Any, Any]:
        """Arrays as checked groups with their mask; a dataset after a check; a distributed one as it is."""
        if isinstance(x, tuple) and len(x) == 2:
            x, y = x
        if isinstance(x, tf.distribute.DistributedDataset):
            return x, None
        if isinstance(x, tf.data.Dataset):
            spec = x.element_spec[0] if isinstance(x.element_spec, tuple) else x.element_spec
            check_shape(tuple(spec.shape), self.image_shape)
            if len(spec.shape) == 4:
                raise UserError(
                    "A dataset must have groups [G, B, H, W, C] as elements, as `random_groups` makes them."
                )
            return x, None
        groups = as_groups(x, self.image_shape)
        return groups, as_mask(y, groups)

    def _checked(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """The arguments of `fit`, with checked validation data."""
        held_out = arguments.get("validation_data")
        if held_out is None:
            return arguments
        groups, mask = self._inputs(held_out, None)
        return arguments | {"validation_data": groups if mask is None else (groups, mask)}

    def encode(self, images: Any, mask: Any = None) -> Codes:
        """Codes of groups [G, B, H, W, C] or of one group [B, H, W, C], uint8 or floats in [0, 1].

        Args:
            mask: [G, B] or [B]; images with mask 0 have no effect on the code of their group.

        Returns:
            Arrays whose first axis is G; G = 1 for one group.

        Raises:
            UserError: another shape or range, or an empty group.
        """
        groups = as_groups(images, self.image_shape)
        present, step = as_mask(mask, groups), max(1, IMAGES_PER_CALL // groups.shape[1])
        parts = [self._encoded(groups[i : i + step], present[i : i + step]) for i in range(0, len(groups), step)]
        codes = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        return Codes.of(codes | {"images": present.sum(axis=1).astype(int)})

    def _encoded(self, groups: np.ndarray, mask: np.ndarray) -> dict[str, np.ndarray]:
        pixels = np.float32(groups / 255) if groups.dtype == np.uint8 else np.float32(groups)
        return {name: code.numpy() for name, code in self.encoded(tf.constant(pixels), tf.constant(mask)).items()}

    def generate(self, like: Any, count: int, seed: int = 0) -> np.ndarray:
        """New images [count, H, W, C] in [0, 1] with the code of `like`, one group [B, H, W, C].

        beta is the mean of q(beta | like), d ~ p(d | beta), z ~ p(z | d, beta); the images are means of p(x | z, beta).
        """
        beta = self.encode(like).beta_mean[0]
        decodes_beta, has_beta = self.config.decodes_beta, self.config.has_beta
        return codes.generated(
            lambda beta: self.prior(tf.constant(beta) if has_beta else None, 1),
            lambda z, beta: self.decode(tf.constant(z), tf.constant(beta) if decodes_beta else None),
            beta,
            count,
            np.random.default_rng(seed),
        )


def _is_symbolic(images: Any) -> bool:
    """Whether these are tensors without values (of a graph or of Keras), which cannot be checked."""
    return isinstance(images, keras.KerasTensor) or (tf.is_tensor(images) and not hasattr(images, "numpy"))
