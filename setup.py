"""Installation of ugvae_tf: `pip install .`"""

from setuptools import find_packages, setup

SERVING = [  # of the clients in examples/; no model or command needs it
    "tensorflow-serving-api>=2.21,<2.22",
    "pillow>=12,<14",
]

setup(
    name="ugvae_tf",
    version="0.1.0",
    description="Unsupervised Global VAE: one code for a group of images, trained without labels",
    python_requires=">=3.11",
    packages=find_packages(include=["ugvae_tf", "ugvae_tf.*"]),
    package_data={"ugvae_tf.datasets": ["prepared/**/*"]},
    install_requires=[
        "tensorflow>=2.21,<2.22",
        "keras>=3.15,<3.16",
        "tensorflow-probability>=0.25,<0.26",
        "tf-keras>=2.21,<2.22",  # imported by tensorflow-probability
        "tensorflow-datasets>=4.9.10,<4.10",
        "importlib_resources>=7.1,<8",  # imported by tensorflow-datasets
        "numpy>=2.4,<2.5",
        "scikit-learn>=1.9,<1.10",
        "matplotlib>=3.11,<3.12",
        "scipy>=1.17,<2",
        "tqdm>=4.66,<5",
        "tensorboard>=2.21,<2.22",
        "tyro>=1.0.16,<1.1",
        "protobuf>=6.31.1,<8",  # as tensorflow has it
        "requests>=2.32,<3",
    ],
    extras_require={
        "serving": SERVING,
        "test": [
            *SERVING,
            "pytest>=9.0,<10",
            "hypothesis>=6.170,<7",
            "ruff>=0.17,<0.18",
            "mypy>=2.4,<2.5",
            "import-linter>=2.16,<3",
            "dill>=0.4,<0.5",  # imported by the test case of TFDS for builders
        ],
        "benchmark": ["torch==2.13.0"],
    },
)
