"""Names of data sets: shipped ones, the user's own, and those whose files the user places. Without TensorFlow."""

from collections.abc import Mapping

SHIPPED = {
    "mnist": "70,000 handwritten digits, 28x28",
    "mnist-albums": "the digits of mnist, each in one of 616 albums of 20 to 200 images",
    "glyphs": "62 characters of each of 1,310 fonts, 28x28",
    "faces3d": "4,000 rendered heads with attributes, 64x64 in colour",
    "avatars": "2,000 cartoon heads with attributes, 64x64 in colour",
    "chairs3d": "93 seats, 48 views of each, 64x64 in colour",
    "cars3d": "32 vehicles, 48 views of each, 64x64 in colour",
}
OWN = {
    "folder": "your pictures: --data-dir FOLDER",
    "npz": "your array `image` and its labels: --data-dir FILE.npz",
}
PLACED = {
    "faces3d-bfm": "3D FACES (Basel Face Model)",
    "cars3d-fidler": "3D Cars (Fidler et al. 2012)",
    "chairs3d-aubry": "3D Chairs (Aubry et al. 2014)",
}
NAMES = (*SHIPPED, *OWN, *PLACED)
MNIST_LICENCE = "Creative Commons Attribution-ShareAlike 3.0"
LICENCES: Mapping[str, str] = {  # of the images that ship, as prepared/README.md states them
    "mnist": MNIST_LICENCE,
    "mnist-albums": MNIST_LICENCE,
    "glyphs": "licences of the fonts, all of them free",
    "faces3d": "CC0 1.0",
    "avatars": "MIT",
    "chairs3d": "CC0 1.0, CC BY 3.0 and CC BY 3.0 US",
    "cars3d": "CC0 1.0, CC BY 3.0, CC BY 3.0 US and Free Art License",
}
STAND_INS = ("faces3d", "avatars", "chairs3d", "cars3d")  # for the paper's data sets, which may not be redistributed


def licence(name: str) -> str:
    """The licence of the images of one data set, and where its text is, as far as this package has them."""
    if name in OWN:
        return "your own images, whose licence is not recorded"
    if name in PLACED:
        return "terms of the owners of the files that you placed"
    if name not in LICENCES:
        return "not recorded: see the page of the data set in the catalogue of TensorFlow Datasets"
    if name.startswith("mnist"):
        return f"{LICENCES[name]} (Y. LeCun, C. Cortes and C. Burges)"
    return f"{LICENCES[name]} (names and texts: ugvae_tf/datasets/prepared/{name}/LICENSE)"
