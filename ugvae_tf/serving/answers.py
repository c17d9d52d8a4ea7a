"""Check of a server's answers against the signatures that it describes."""

from typing import Any, NamedTuple

import numpy as np

from ugvae_tf.serving.back_end import Arrays


class Outputs(NamedTuple):
    """A signature as the server's metadata describe it."""

    inputs: list[str]
    shapes: dict[str, tuple[int | None, ...]]  # of the outputs by name; None for a dynamic size


def described(signature: dict[str, Any]) -> Outputs:
    """The signature in the metadata; raises KeyError, TypeError, ValueError or AttributeError for other content."""
    return Outputs(list(signature["inputs"]), {name: _shape(output) for name, output in signature["outputs"].items()})


def _shape(output: dict[str, Any]) -> tuple[int | None, ...]:
    sizes = [int(dim["size"]) for dim in output["tensor_shape"].get("dim", [])]
    return tuple(None if size < 0 else size for size in sizes)


def array(value: Any, shape: tuple[int | None, ...], inputs: Arrays) -> np.ndarray:
    """The value of an output as float32.

    Args:
        shape: of the output in the signature. Its first axis is the groups, and a second dynamic one the images of a
            group, as in `inputs`.

    Raises:
        ValueError: these are no numbers of that shape, or not all are finite; the message says which.
    """
    found = np.asarray(value)
    if found.dtype.kind not in "fiu":
        raise ValueError("has values that are no numbers")
    wanted = _expected(shape, inputs)
    if len(found.shape) != len(wanted) or any(
        size not in (None, has) for size, has in zip(wanted, found.shape, strict=True)
    ):
        sizes = ", ".join("?" if size is None else str(size) for size in wanted)
        raise ValueError(f"has shape {found.shape}, not [{sizes}]")
    with np.errstate(over="ignore"):
        found = found.astype(np.float32)
    if not np.isfinite(found).all():
        raise ValueError("has values that are not finite")
    return found


def _expected(shape: tuple[int | None, ...], inputs: Arrays) -> list[int | None]:
    """The shape with the sizes of the inputs: groups, and images in a group."""
    largest = max(inputs.values(), key=lambda given: given.ndim)
    known = dict(enumerate(largest.shape[: 2 if largest.ndim > 2 else 1]))
    return [known.get(axis) if size is None else size for axis, size in enumerate(shape)]
