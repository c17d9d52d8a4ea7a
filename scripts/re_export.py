"""Export the newest version of a model again: the same weights, the signatures of this package.

Run `python scripts/re_export.py saved_models/mnist` for a version that an older ugvae_tf exported.
It writes the next version; `--replace` replaces the old one.
"""

import argparse
import os
import shutil
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf

from ugvae_tf import config as configuration
from ugvae_tf.commands.terminal import errors_for_people
from ugvae_tf.serving import checksums, component_names, export, metric, operations, saved_model
from ugvae_tf.serving.weights import restored


def re_export(old: Path, new: Path) -> None:
    """Export a new model with the configuration and the weights of the old version, if its operations are ours."""
    operations.check(old)
    text = (old / "assets.extra" / "config.json").read_text()
    config, model = configuration.from_json(text), restored(old)
    with tempfile.TemporaryDirectory(dir=new.parent) as folder:
        fresh = Path(folder) / new.name
        export.export_version(model, fresh, text, config.data.group_size)
        keep_assets(old, fresh)
        check_same_answers(old, fresh)
        put(fresh, new)


def keep_assets(old: Path, new: Path) -> None:
    """Copy the assets that an export does not make from the weights: the learned metric, the names of components."""
    for name in (metric.NAME, component_names.NAME):
        if (old / name).is_file():
            with checksums.replaced(new, name):
                shutil.copyfile(old / name, new / name)


def put(fresh: Path, version: Path) -> None:
    """Move a finished export into place; the old version is moved aside first, so a kill never loses both."""
    aside = version.with_name(f".{version.name}.replaced")
    if version.exists():
        shutil.rmtree(aside, ignore_errors=True)  # of a run that was killed here
        version.rename(aside)
    fresh.rename(version)
    shutil.rmtree(aside, ignore_errors=True)


def check_same_answers(old: Path, new: Path) -> None:
    """Raise unless both versions give the same outputs; a wrong order of variables would change them."""
    before, after = (tf.saved_model.load(str(version)) for version in (old, new))
    random = np.random.default_rng(0)
    for name in set(before.signatures) - {"config"}:
        inputs = {}
        for key, spec in before.signatures[name].structured_input_signature[1].items():
            values = random.random([2 if size is None else size for size in spec.shape])
            inputs[key] = tf.constant(values + 1 if spec.dtype.is_integer else values, spec.dtype)
        found = after.signatures[name](**inputs)
        for key, value in before.signatures[name](**inputs).items():
            np.testing.assert_allclose(found[key], value, rtol=1e-4, atol=1e-5, err_msg=f"{name}/{key}")


def main() -> None:
    """Export every model in the arguments again."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path, help="such as saved_models/mnist")
    parser.add_argument("--replace", action="store_true", help="replace the old version")
    asked = parser.parse_args()
    for folder in asked.folders:
        number = saved_model.newest_version(folder)
        re_export(folder / str(number), folder / str(number if asked.replace else number + 1))
        print(f"Exported {folder} again.")


if __name__ == "__main__":
    with errors_for_people("re_export.py"):
        main()
