# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # Quick start
#
# Train a UG-VAE on MNIST, encode groups of images, compare the groups, generate images, and export the model.
# The data set ships with the package. Training takes minutes on two CPU cores.

# %%
import os

import matplotlib.pyplot as plt
import numpy as np

import ugvae_tf as ug  # before keras: TensorFlow then uses its faster kernels

import keras  # isort: skip

TINY = os.environ.get("UGVAE_TUTORIAL_SIZE") == "tiny"  # for the tests: one epoch of two steps
EPOCHS, STEPS = (1, 2) if TINY else (12, None)
GROUP_SIZE = 128

# %% [markdown]
# ## Images
#
# `load_images` returns the training and the held-out images. `images` is uint8 [N, H, W, C]; `labels` is a dictionary
# of arrays [N]. Labels are not used in training.

# %%
train, held_out = ug.load_images("mnist")
print(train.images.shape, held_out.images.shape, sorted(held_out.labels))

# %% [markdown]
# ## Training
#
# The model is a `keras.Model`. Each element of the data set is a step of groups, [G, B, H, W, C], and a mask, [G, B].
# Groups are random and new in every epoch. The loss is in nats per image. A preset has the settings that were chosen on
# validation images; `ug.UgVae(image_shape=(28, 28, 1))` has those of the official code, with which beta
# carries less of a group (see "Results").

# %%
model = ug.from_preset("mnist")
model.compile(keras.optimizers.Adam(3e-3))
groups = ug.random_groups(train, group_size=GROUP_SIZE, groups_per_step=2)
history = model.fit(groups, epochs=EPOCHS, steps_per_epoch=STEPS, verbose=2)

# %% [markdown]
# ## One code for each group
#
# `encode` takes one group or many. `beta_mean` and `beta_stddev` are the mean and the standard deviation of `q(beta)`.
# Here are two groups of every digit, from disjoint halves of the held-out images.

# %%
digits = held_out.labels["label"]
members = [np.flatnonzero(digits == digit)[half::2][:GROUP_SIZE] for half in (0, 1) for digit in range(10)]
digit_groups = held_out.images[np.stack(members)]  # [20, 128, 28, 28, 1]: digits 0 to 9, twice
codes = model.encode(digit_groups)
print(codes.beta_mean.shape, codes.beta_stddev.shape, codes.z_mean.shape, codes.component_probs.shape)

# %% [markdown]
# ## Export, and load the export
#
# `save` keeps the Keras model; `export` writes the next version of a SavedModel, which TensorFlow Serving and
# `ug.load` read. Load only models that you trust.

# %%
model.save("quick_start.keras")
model = keras.models.load_model("quick_start.keras")
ug.export(model, "saved_models/quick_start")
served = ug.load("saved_models/quick_start")

# %% [markdown]
# ## Compare groups
#
# `similar` returns the nearest of the other groups by the symmetric KL divergence of `q(beta)`. The measure is the
# share of groups whose nearest group has the same digit. The floor uses the mean image of each group in place of the
# code. Groups of one digit are an easy case, which the mean image also solves; "Results" has harder ones.

# %%
nearest, distances = served.similar(served.encode(digit_groups), k=1)
digit_of_group = np.tile(np.arange(10), 2)
print("code:      ", np.mean(digit_of_group[nearest[:, 0]] == digit_of_group))

mean_images = digit_groups.mean(axis=1).reshape(20, -1) / 255
squares = ((mean_images[:, np.newaxis] - mean_images) ** 2).sum(axis=-1)
np.fill_diagonal(squares, np.inf)
print("mean image:", np.mean(digit_of_group[squares.argmin(axis=1)] == digit_of_group))

# %% [markdown]
# ## Generate images
#
# `generate` encodes a group, draws a component d for each new image, z from `p(z | d, beta)`, and decodes. The images
# share the group's beta. They may show other digits than the group's, because `p(d)` does not depend on beta.

# %%
generated = served.generate(like=digit_groups[3], count=10)
figure, axes = plt.subplots(2, 10, figsize=(10, 2))
for column in range(10):
    axes[0, column].imshow(digit_groups[3, column, ..., 0], cmap="gray")
    axes[1, column].imshow(generated[column, ..., 0], cmap="gray")
for axis in axes.flat:
    axis.axis("off")
figure.suptitle("Above: images of the group. Below: generated from its code.")
plt.show()
