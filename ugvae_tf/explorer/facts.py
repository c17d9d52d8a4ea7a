"""What the page reads about a model: sizes, components and their names, axes of the sliders, groups."""

from typing import Any

import numpy as np

from ugvae_tf.explorer.axes import axes_of, axes_of_components, numbers
from ugvae_tf.explorer.groups import ShownGroups
from ugvae_tf.serving.codes import group_codes
from ugvae_tf.serving.component_names import ComponentNames
from ugvae_tf.tasks.context import Context
from ugvae_tf.tasks.directions import GROUPS
from ugvae_tf.tasks.draws import drawn_as_trained


def facts_of(context: Context, groups: ShownGroups) -> dict[str, Any]:
    """The facts for the page; those of beta and of the groups are None in a model without beta."""
    model, codes = context.model, context.held_out_codes
    components = codes.component_probs.argmax(axis=1)
    count = codes.component_probs.shape[1]
    shares = np.bincount(components, minlength=count) / len(components)
    return {
        "model": f"{model.name}, version {model.version}",
        "kind": model.settings.model.model,
        "data": _data(context),
        "shape": list(model.image_shape),
        "shares": numbers(shares),
        "names": _names(model.component_names),
        "proportions": model.settings.model.component_prior == "beta",
        "order": np.argsort(-shares, kind="stable").tolist(),
        "z": axes_of_components(codes.z_mean, components, count),
        "beta": _beta(context) if groups.names else None,
        "groups": groups.facts(context) if groups.names else None,
    }


def _names(names: ComponentNames | None) -> dict[str, Any] | None:
    """The names, if the components have any."""
    if names is None:
        return None
    return {"label": names.label, "of": names.names, "shares": names.shares, "components": names.components}


def _beta(context: Context) -> dict[str, Any]:
    """The axes of the betas of held-out groups, formed as in training, and their mean."""
    members = drawn_as_trained(context, context.held_out, GROUPS, context.generator(1))
    betas = group_codes(context.held_out_codes, members).beta_mean
    return {"mean": numbers(betas.mean(axis=0)), **axes_of(betas)}


def _data(context: Context) -> str:
    label, count = context.group_label, f"{len(context.held_out):,} held-out images of {context.dataset}"
    return f"{count}, random groups of {context.largest}" if label is None else f"{count}, groups by {label}"
