"""One code for each group of images, by gRPC: `python examples/serving_grpc.py FOLDER [HOST:PORT [MODEL]]`.

Every subfolder of FOLDER is a group; its images have the size and the channels of the model's images.
Needs `pip install tensorflow-serving-api pillow`.
"""

import sys
from pathlib import Path

import grpc
import numpy as np
import tensorflow as tf
from PIL import Image
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

folder, address, model = [*sys.argv[1:], *["localhost:8500", "mnist"][len(sys.argv) - 2 :]]


def read_group(path: Path) -> np.ndarray:
    """The images of a folder as [1, B, H, W, C] in [0, 1]."""
    images = np.stack([np.asarray(Image.open(file), np.float32) / 255 for file in sorted(path.iterdir())])
    return images.reshape(1, *images.shape[:3], -1)


# The default limit of a client is 4 MB per response; the server's limit is 2 GB.
channel = grpc.insecure_channel(address, [("grpc.max_receive_message_length", -1)])
service = prediction_service_pb2_grpc.PredictionServiceStub(channel)
for path in sorted(path for path in Path(folder).iterdir() if path.is_dir()):
    request = predict_pb2.PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = model, "serving_default"
    request.inputs["images"].CopyFrom(tf.make_tensor_proto(read_group(path)))
    request.output_filter.append("beta_mean")  # the server returns this output only
    response = service.Predict(request, timeout=60)
    print(path.name, *tf.make_ndarray(response.outputs["beta_mean"])[0])  # M numbers
