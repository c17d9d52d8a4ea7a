"""Warm-up requests, which a server replays when it loads a version.

TensorFlow allocates memory, selects kernels and starts threads in the first call of a signature.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import tensorflow as tf

from ugvae_tf.serving import messages
from ugvae_tf.serving.saved_model import Signature, TensorInfo, read_signatures

ANY_PIXEL = 0.5


def write(version: Path, group_size: int) -> None:
    """Write one request for every signature to the file that TensorFlow Serving reads."""
    path = version / "assets.extra" / "tf_serving_warmup_requests"
    with tf.io.TFRecordWriter(str(path)) as file:
        for record in requests(read_signatures(version), group_size):
            file.write(record.SerializeToString())


def requests(signatures: dict[str, Signature], group_size: int) -> Iterator[Any]:
    """A PredictionLog for every signature, of one group of `group_size` images."""
    for name, signature in sorted(signatures.items()):
        record = messages.PredictionLog()
        request = record.predict_log.request
        request.model_spec.signature_name = name
        for key, info in signature.inputs.items():
            _fill(request.inputs.add(key=key).value, info, group_size)
        yield record


def _fill(tensor: Any, info: TensorInfo, group_size: int) -> None:
    """Set a tensor's shape and a single value: TensorFlow repeats the last value, which keeps the file small."""
    tensor.dtype = info.dtype
    for size, free in zip(info.shape, (1, group_size, *info.shape[2:]), strict=False):  # axes G, B and fixed ones
        tensor.tensor_shape.dim.add(size=free if size is None else size)
    if info.dtype == messages.DT_FLOAT:
        tensor.float_val.append(ANY_PIXEL)
    else:
        tensor.int_val.append(group_size)
