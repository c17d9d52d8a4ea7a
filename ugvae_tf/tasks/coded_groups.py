"""The groups in a file of codes, a row a group or a row an image."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from ugvae_tf.errors import UserError
from ugvae_tf.serving.codes import MEANINGS, ImageCodes, group_codes
from ugvae_tf.serving.group_table import GroupTable, ImageTable
from ugvae_tf.serving.table_files import read_columns
from ugvae_tf.tasks.context import Context


class CodedGroups(NamedTuple):
    """Codes of groups, and of their images if the file has them."""

    table: GroupTable
    images: ImageTable | None
    codes: ImageCodes | None  # of the images, in their order

    @classmethod
    def of(cls, context: Context) -> "CodedGroups":
        """Those of `codes`; raises UserError if the file is damaged, or its codes are of another model."""
        file = context.request.codes or ""
        columns = read_columns(Path(file))
        images = ImageTable.of(columns, file) if "image" in columns else None
        found = cls._summed(context, images) if images is not None else cls(GroupTable.of(columns, file), None, None)
        model = context.model.settings.model
        sizes = found.table.beta_mean.shape[1], found.table.component_probs.shape[1]
        expected = (model.global_size if model.has_beta else 0, model.components if model.has_mixture else 1)
        if sizes != expected:
            raise UserError(
                f"{file} has codes with M, K = {sizes}, but the model in {context.model.address} has {expected}: "
                f"give the `saved_model` that wrote them."
            )
        context.smallest, context.largest = int(found.table.images.min()), int(found.table.images.max())
        return found

    @classmethod
    def _summed(cls, context: Context, images: ImageTable) -> "CodedGroups":
        parts = images.precision, images.precision_mean, images.z_mean, images.component_probs
        codes = ImageCodes(*parts, *context.model.prior_parameters())
        names, place = np.unique(images.group, return_inverse=True)
        members = [np.flatnonzero(place == number) for number in range(len(names))]
        found = group_codes(codes, members)
        counts = np.array([len(each) for each in members])
        table = GroupTable(names, counts, found.beta_mean, found.beta_stddev, found.component_probs)
        return cls(table, images, codes)

    @property
    def code(self) -> np.ndarray:
        """The code of each group [G, F]: the mean of q(beta), or the shares of the components without beta."""
        return self.table.beta_mean if self.table.beta_mean.shape[1] else self.table.component_probs

    @property
    def meaning(self) -> str:
        """What `code` is."""
        return MEANINGS["beta_mean" if self.table.beta_mean.shape[1] else "component_probs"]
