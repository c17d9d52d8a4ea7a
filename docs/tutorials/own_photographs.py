# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # Own photographs
#
# Train on a folder of pictures, and compare albums: the subfolders of the folder.
# If there is no folder `photos`, this tutorial writes one with pictures of the shipped data set `avatars`, in one
# subfolder for each colour of hair. To use your own pictures, put them in `photos`.
#
# The same steps on the command line:
#
# ```sh
# python train.py --dataset folder --data-dir photos --name photos
# python evaluate.py --saved-model saved_models/photos --task all
# ```

# %%
import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import ugvae_tf as ug

TINY = os.environ.get("UGVAE_TUTORIAL_SIZE") == "tiny"  # for the tests: few pictures, one epoch of two steps
EPOCHS, STEPS, PICTURES = (1, 2, 200) if TINY else (40, None, 1600)
GROUP_SIZE = 8
PHOTOS = Path("photos")

# %%
if not PHOTOS.exists():
    examples, _ = ug.load_images("avatars")
    for number in range(PICTURES):
        album = PHOTOS / str(examples.labels["hair_color"][number])
        album.mkdir(parents=True, exist_ok=True)
        plt.imsave(album / f"{number}.png", examples.images[number])

# %% [markdown]
# ## Images
#
# Pictures are cropped to their central square and resized. A tenth of them is held out, the same one every time.
# The name of the subfolder is the label `label`.

# %%
train, held_out = ug.load_images(PHOTOS, image_size=64)
albums, counts = np.unique(train.labels["label"], return_counts=True)
print(train.images.shape, held_out.images.shape, dict(zip(albums.tolist(), counts.tolist(), strict=True)))

# %% [markdown]
# ## Training
#
# Groups are random, so the albums are not used. For groups of one album each, take
# `ug.label_groups(train, "label", group_size=GROUP_SIZE)`.

# %%
model = ug.from_preset("images", image_shape=train.images.shape[1:], normalisation="group")
model.compile("adam")
model.fit(ug.random_groups(train, group_size=GROUP_SIZE), epochs=EPOCHS, steps_per_epoch=STEPS, verbose=2)
ug.export(model, "saved_models/photos")

# %% [markdown]
# ## Compare albums
#
# Each album that is large enough gives two groups of different pictures. The measure is the share of groups whose
# nearest other group is of the same album. The floor is the same measure for the mean image of the group. The pictures
# here are training images; with enough pictures, use `held_out` in place of `train`.

# %%
served = ug.load("saved_models/photos")
large = albums[counts >= 2 * GROUP_SIZE]
pictures_of = {album: np.flatnonzero(train.labels["label"] == album) for album in large}
members = [pictures_of[album][half * GROUP_SIZE :][:GROUP_SIZE] for half in (0, 1) for album in large]
groups, album_of_group = train.images[np.stack(members)], np.tile(large, 2)

nearest, distances = served.similar(served.encode(groups), k=1)
print("code:      ", np.mean(album_of_group[nearest[:, 0]] == album_of_group))

mean_images = groups.mean(axis=1).reshape(len(groups), -1) / 255
squares = ((mean_images[:, np.newaxis] - mean_images) ** 2).sum(axis=-1)
np.fill_diagonal(squares, np.inf)
print("mean image:", np.mean(album_of_group[squares.argmin(axis=1)] == album_of_group))

# %% [markdown]
# ## New pictures with the code of an album

# %%
generated = served.generate(like=groups[0], count=8)
figure, axes = plt.subplots(2, 8, figsize=(8, 2))
for column in range(8):
    axes[0, column].imshow(groups[0, column])
    axes[1, column].imshow(np.clip(generated[column], 0, 1))
for axis in axes.flat:
    axis.axis("off")
figure.suptitle(f"Above: pictures of the album {album_of_group[0]}. Below: generated from their code.")
plt.show()
