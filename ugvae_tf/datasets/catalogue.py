"""Names of data sets: shipped ones, the user's own, and those whose files the user places. Without TensorFlow."""

SHIPPED = {
    "mnist": "70,000 handwritten digits, 28x28",
    "mnist-albums": "the same, each in one of 616 albums of 20 to 200 images",
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
