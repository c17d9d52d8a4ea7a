# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # Groups that exist
#
# Some data sets have groups: fonts, albums, objects, persons. This tutorial trains on such groups. Here a group is a
# set of views of one object (data set `chairs3d`, label `model`). The held-out images show objects that are not in
# the training images.
#
# The measure: the code of six views of a held-out object is compared with the codes of six *other* views of every
# held-out object. The nearest one should be of the same object.

# %%
import os

import numpy as np

import ugvae_tf as ug

TINY = os.environ.get("UGVAE_TUTORIAL_SIZE") == "tiny"  # for the tests: one epoch of two steps
EPOCHS, STEPS = (1, 2) if TINY else (20, None)
GROUP_SIZE = 8
VIEWS = 6

# %%
train, held_out = ug.load_images("chairs3d")
objects = np.unique(held_out.labels["model"])
print(len(np.unique(train.labels["model"])), "training objects,", len(objects), "held-out objects")

# %% [markdown]
# ## Training on groups of one object each
#
# `label_groups` forms every group from images with one value of the label.

# %%
model = ug.from_preset("chairs3d", image_shape=train.images.shape[1:])
model.compile("adam")
model.fit(ug.label_groups(train, "model", group_size=GROUP_SIZE), epochs=EPOCHS, steps_per_epoch=STEPS, verbose=2)
ug.export(model, "saved_models/chairs_by_object")
served = ug.load("saved_models/chairs_by_object")

# %% [markdown]
# ## Find an object among held-out objects
#
# Twelve random views of each held-out object give a query and a target of six views each. A query is correct if the
# nearest target is of the same object.

# %%
random = np.random.default_rng(0)
views = [random.permutation(np.flatnonzero(held_out.labels["model"] == name))[: 2 * VIEWS] for name in objects]
members = np.stack(views)  # [objects, 12]
queries, targets = held_out.images[members[:, :VIEWS]], held_out.images[members[:, VIEWS:]]


def recall(query: np.ndarray, target: np.ndarray) -> float:
    """The share of queries [N, F] whose nearest target [N, F] has the same index; features are scaled to variance 1."""
    scale = np.concatenate([query, target]).std(axis=0) + 1e-9
    squares = (((query[:, np.newaxis] - target) / scale) ** 2).sum(axis=-1)
    return float(np.mean(squares.argmin(axis=1) == np.arange(len(query))))


print("code:      ", recall(served.encode(queries).beta_mean, served.encode(targets).beta_mean))
mean_query, mean_target = (groups.mean(axis=1).reshape(len(objects), -1) for groups in (queries, targets))
print("mean image:", recall(mean_query, mean_target))
print("chance:    ", 1 / len(objects))

# %% [markdown]
# One training and 19 objects give a rough figure: one object is .05. "Groups" has larger measurements with more
# floors.
#
# Groups of any size can be encoded. More views of an object give a narrower `q(beta)`:

# %%
for count in (1, 3, 6):
    stddev = served.encode(queries[:, :count]).beta_stddev  # [objects, M]
    print(f"{count} views: mean standard deviation of q(beta) {stddev.mean():.3f}")
