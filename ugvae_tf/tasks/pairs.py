"""Pairs of groups, with an image of each, and the decoded images on the paths between them."""

from dataclasses import dataclass

import numpy as np

from ugvae_tf.errors import UserError
from ugvae_tf.evaluation import interpolation
from ugvae_tf.evaluation.categories import Category
from ugvae_tf.serving.codes import group_codes
from ugvae_tf.serving.served_model import ServedModel
from ugvae_tf.tasks.context import Context

STEPS = 7


def category_pair(context: Context) -> tuple[Category, Category]:
    """The two categories that `between` names, or the first two."""
    known = {category.name: category for category in context.categories("digit-sets")}
    names = context.request.between.split(",") if context.request.between else list(known)[:2]
    if len(names) != 2 or not set(names) <= set(known):
        raise UserError(f"`between` needs two of {', '.join(known)}, such as {','.join(list(known)[:2])}.")
    return known[names[0]], known[names[1]]


@dataclass(frozen=True)
class Pairs:
    """P pairs of held-out groups, and the first image of each group; every pair has groups of its own."""

    model: ServedModel
    betas: np.ndarray  # [STEPS, P, M], from the mean of the first group's q(beta) to that of the second
    zs: np.ndarray  # [STEPS, P, L], from the first image's mean of q(z) to the second one's
    components: np.ndarray  # [P], the most probable d of the first image
    real: np.ndarray  # [2, P, H, W, C] in [0, 1], the two images themselves

    @classmethod
    def draw(
        cls, context: Context, first: Category, second: Category, pairs: int, random: np.random.Generator
    ) -> "Pairs":
        """Groups of the two categories, which may be the same one."""
        members = [context.members(category, context.held_out, pairs, random) for category in (first, second)]
        return cls.between(context, *(context.resized(groups, random) for groups in members))

    @classmethod
    def between(cls, context: Context, *members: np.ndarray) -> "Pairs":
        """Held-out groups at either end, each [P, B]; q(d) is that of the first image alone."""
        codes = context.held_out_codes
        betas = [group_codes(codes, groups).beta_mean for groups in members]
        zs = [codes.z_mean[groups[:, 0]] for groups in members]
        beta_path, z_path = (interpolation.linear_path(start, end, STEPS) for start, end in (betas, zs))
        components = codes.component_probs[members[0][:, 0]].argmax(axis=-1)
        real = np.stack([context.held_out.images[groups[:, 0]] for groups in members]) / np.float32(255)
        return cls(context.model, beta_path.astype(np.float32), z_path.astype(np.float32), components, real)

    def along_beta(self) -> np.ndarray:
        """beta moves and z is fixed (paper figure 5, rows): [P, STEPS, H, W, C], as all paths here."""
        return self._decoded(np.broadcast_to(self.zs[:1], self.zs.shape), self.betas)

    def along_beta_and_component(self) -> np.ndarray:
        """beta moves, and z keeps its d and its noise (eq. 3)."""
        p_z = self.model.prior(self.betas.reshape(-1, self.betas.shape[-1]))
        moments = []
        for name in ("z_mean", "z_stddev"):
            values = p_z[name].reshape(STEPS, len(self.components), *p_z[name].shape[1:])  # [STEPS, P, K, L]
            moments.append(values[:, np.arange(len(self.components)), self.components])
        return self._decoded(interpolation.carried_along(self.zs[0], *moments), self.betas)

    def along_z(self) -> np.ndarray:
        """z moves and beta is fixed (figure 5, columns)."""
        return self._decoded(self.zs, np.broadcast_to(self.betas[:1], self.betas.shape))

    def ends(self) -> np.ndarray:
        """Both images, each under the beta of its own group: [P, 2, H, W, C]."""
        return self._decoded(self.zs[[0, -1]], self.betas[[0, -1]])

    def grid(self, pair: int) -> np.ndarray:
        """beta in rows and z in columns: [STEPS, STEPS, H, W, C]."""
        z = np.repeat(self.zs[np.newaxis, :, pair], STEPS, axis=0)
        return self.model.decode(z, self.betas[:, pair])["image_mean"]

    def _decoded(self, z: np.ndarray, betas: np.ndarray) -> np.ndarray:
        """Images of z [steps, P, L] under betas [steps, P, M]: a group of one image for each."""
        flat = z.reshape(-1, 1, z.shape[-1]), betas.reshape(-1, betas.shape[-1])
        images = self.model.decode(*flat)["image_mean"]
        return images.reshape(*z.shape[:2], *images.shape[2:]).swapaxes(0, 1)
