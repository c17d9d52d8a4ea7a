"""Installation of ugvae_tf: `pip install .`"""

import re
import shutil
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).resolve().parent
SAVED_MODELS = HERE / "saved_models"

SERVING = [  # of the clients in examples/; no model or command needs it
    "tensorflow-serving-api>=2.21,<2.22",
    "pillow>=12,<14",
]

PARQUET = ["pyarrow>=23"]  # of `ugvae encode --output codes.parquet`


def version() -> str:
    """`__version__` of the package, read without importing it (its dependencies are not installed yet)."""
    return re.search(r'^__version__ = "(.+)"$', (HERE / "ugvae_tf" / "__init__.py").read_text(), re.MULTILINE)[1]


class BuildWithModels(build_py):
    """Puts the exported models that `saved_models/SHIPPED` lists into the package, as `ugvae_tf/shipped_models`.

    An editable installation copies nothing: the package reads them where they are, in the clone.
    """

    def run(self) -> None:
        if not self.editable_mode:  # build/ outlives a build: what was removed since must not be shipped
            shutil.rmtree(Path(self.build_lib, "ugvae_tf"), ignore_errors=True)
        super().run()
        if not self.editable_mode:
            for source, target in self._models():
                Path(target).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target)

    def get_source_files(self) -> list[str]:
        """What a source distribution needs, so that a wheel can be built from one."""
        return [*super().get_source_files(), *(str(source.relative_to(HERE)) for source, _ in self._models())]

    def get_outputs(self, include_bytecode: bool = True) -> list[str]:
        models = [] if self.editable_mode else [target for _, target in self._models()]
        return [*super().get_outputs(include_bytecode), *models]

    def _models(self) -> list[tuple[Path, str]]:
        """Every file that ships, and where it goes."""
        versions = (SAVED_MODELS / "SHIPPED").read_text().split()
        files = [SAVED_MODELS / "SHIPPED", *(file for name in versions for file in files_of(SAVED_MODELS / name))]
        target = Path(self.build_lib, "ugvae_tf", "shipped_models")
        return [(file, str(target / file.relative_to(SAVED_MODELS))) for file in files]


def files_of(folder: Path) -> list[Path]:
    """The files of an exported version; without the check a misspelled line would ship an empty model."""
    if not (folder / "saved_model.pb").is_file():
        raise FileNotFoundError(f"saved_models/SHIPPED lists a version that is not in the source tree: {folder}")
    return sorted(file for file in folder.rglob("*") if file.is_file())


setup(
    name="ugvae_tf",
    version=version(),
    description="Unsupervised Global VAE: one code for a group of images, trained without labels",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    author="ugvae_tf contributors",
    license="MIT",
    license_files=["LICENSE", "ugvae_tf/datasets/prepared/*/LICENSE"],
    keywords="variational autoencoder, latent variable, groups of images, TensorFlow, Keras",
    classifiers=[
        "Development Status :: 4 - Beta",
        "Environment :: Console",
        "Intended Audience :: Science/Research",
        "Operating System :: POSIX :: Linux",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
        "Topic :: Scientific/Engineering :: Image Processing",
        "Typing :: Typed",
    ],
    python_requires=">=3.11,<3.14",
    packages=find_packages(include=["ugvae_tf", "ugvae_tf.*"]),
    package_data={"ugvae_tf": ["py.typed"], "ugvae_tf.datasets": ["prepared/**/*"], "ugvae_tf.explorer": ["page/*"]},
    cmdclass={"build_py": BuildWithModels},
    entry_points={"console_scripts": ["ugvae = ugvae_tf.commands.main:main"]},
    install_requires=[  # constraints.txt holds the versions that the tests were run with
        "tensorflow>=2.21,<2.22",
        "keras>=3.15,<3.16",
        "tensorflow-probability>=0.25,<0.26",
        "tf-keras>=2.21,<2.22",  # imported by tensorflow-probability
        "tensorflow-datasets>=4.9.10,<4.10",
        "importlib_resources>=6.4,<8",  # imported by tensorflow-datasets
        "numpy>=2.1,<3",
        "scikit-learn>=1.6,<2",
        "matplotlib>=3.9,<4",
        "pillow>=12,<14",
        "scipy>=1.14,<2",
        "threadpoolctl>=3.5,<4",
        "tqdm>=4.66,<5",
        "tensorboard>=2.21,<3",
        "protobuf>=6.31.1,<8",  # as tensorflow has it
        "requests>=2.32,<3",
    ],
    extras_require={
        "cuda": ["tensorflow[and-cuda]>=2.21,<2.22"],
        "serving": SERVING,
        "parquet": PARQUET,
        "beam": ["apache-beam>=2.77,<3"],  # of `ugvae encode --runner`
        "test": [
            *PARQUET,
            *SERVING,
            "pytest>=9.0,<10",
            "pytest-xdist>=3.8,<4",
            "hypothesis>=6.170,<7",
            "ruff>=0.17,<0.18",
            "mypy>=2.4,<2.5",
            "import-linter>=2.16,<3",
            "dill>=0.4,<0.5",  # imported by the test case of TFDS for builders
        ],
        "docs": [
            "mkdocs>=1.6,<2",
            "mkdocs-material>=9.6,<10",
            "mkdocstrings[python]>=1,<2",
            "mkdocs-jupyter>=0.25,<1",  # runs the tutorials and shows their outputs
            "ruff>=0.17,<0.18",  # formats the signatures of the API reference
        ],
        "benchmark": ["torch==2.13.0", "pythae==0.1.2"],
    },
)
