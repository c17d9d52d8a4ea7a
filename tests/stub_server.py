"""A stand-in for TensorFlow Serving: its REST and gRPC interfaces, with the real SavedModel behind them.

The server's binary is not to be had in a test; what it loads and runs is tested by cpp_loader.py, and
this is for clients. Formats follow the server's documentation: rows (`instances`) and columns (`inputs`),
a single input or output without its name, errors as {"error": ...}.
"""

import json
import re
import threading
from concurrent import futures
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import grpc
import numpy as np
import tensorflow as tf
from google.protobuf.json_format import MessageToDict
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

PATH = re.compile(r"/v1/models/(\w+)(?:/versions/(\d+))?(/metadata|:predict)?")


class Refused(Exception):
    """An error for the client: an HTTP status and what to say."""


class Model:
    """One version of one model."""

    def __init__(self, name: str, version: Path) -> None:
        self.name, self.version = name, version.name
        self.functions = tf.saved_model.load(str(version)).signatures
        saved = saved_model_pb2.SavedModel.FromString((version / "saved_model.pb").read_bytes())
        self.definitions = saved.meta_graphs[0].signature_def

    def run(self, signature: str, inputs: dict[str, object]) -> dict[str, np.ndarray]:
        """The outputs of a signature."""
        if signature not in self.functions:
            raise Refused(400, f'Serving signature name: "{signature}" not found in signature def')
        taken = self.definitions[signature].inputs
        if set(inputs) != set(taken):
            raise Refused(400, f"input keys {sorted(inputs)}, not {sorted(taken)}")
        given = {key: tf.constant(value, tf.DType(taken[key].dtype)) for key, value in inputs.items()}
        return {key: value.numpy() for key, value in self.functions[signature](**given).items()}

    def metadata(self) -> dict:
        """The answer to GET .../metadata."""
        definitions = {
            key: MessageToDict(each, preserving_proto_field_name=True) for key, each in self.definitions.items()
        }
        spec = {"name": self.name, "signature_name": "", "version": self.version}
        return {"model_spec": spec, "metadata": {"signature_def": {"signature_def": definitions}}}

    def status(self) -> dict:
        """The answer to GET of the model itself."""
        return {"model_version_status": [{"version": self.version, "state": "AVAILABLE"}]}

    def predict(self, asked: dict) -> dict:
        """The answer to POST ...:predict."""
        signature = asked.get("signature_name", "serving_default")
        if ("inputs" in asked) == ("instances" in asked):
            raise Refused(400, "Request must have one of 'instances' and 'inputs'")
        if "inputs" in asked:
            return {"outputs": _columns(self.run(signature, self._named(signature, asked["inputs"])))}
        rows = [self._named(signature, row) for row in asked["instances"]]
        return {"predictions": _rows(self.run(signature, {key: [row[key] for row in rows] for key in rows[0]}))}

    def _named(self, signature: str, value: object) -> dict[str, object]:
        """A single input may come without its name."""
        return value if isinstance(value, dict) else dict.fromkeys(self.definitions[signature].inputs, value)


def _columns(outputs: dict[str, np.ndarray]) -> object:
    values = {key: _plain(value) for key, value in outputs.items()}
    return values if len(values) > 1 else next(iter(values.values()))


def _rows(outputs: dict[str, np.ndarray]) -> list:
    lengths = {len(value) for value in outputs.values()}
    if len(lengths) > 1:
        raise Refused(400, "Tensors of different 0-th dimension cannot be given in rows")
    return [_columns({key: value[row] for key, value in outputs.items()}) for row in range(*lengths)]


def _plain(value: np.ndarray) -> object:
    """Numbers and text as JSON has them."""
    if value.dtype == object or isinstance(value, bytes):
        return np.vectorize(bytes.decode)(value).tolist()
    return value.tolist()


class Handler(BaseHTTPRequestHandler):
    """REST."""

    model: Model

    def do_GET(self) -> None:
        self._answer(lambda kind: self.model.metadata() if kind == "/metadata" else self.model.status())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(lambda kind: self.model.predict(json.loads(body)))

    def _answer(self, respond) -> None:
        try:
            found = PATH.fullmatch(self.path)
            if not found or found[1] != self.model.name or found[2] not in (None, self.model.version):
                raise Refused(404, f"Servable not found for request: {self.path}")
            status, content = 200, respond(found[3])
        except Refused as refusal:
            status, content = refusal.args[0], {"error": refusal.args[1]}
        except (ValueError, tf.errors.OpError) as error:
            status, content = 400, {"error": str(error)}
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Servicer(prediction_service_pb2_grpc.PredictionServiceServicer):
    """gRPC."""

    def __init__(self, model: Model) -> None:
        self.model = model

    def Predict(
        self, request: predict_pb2.PredictRequest, context: grpc.ServicerContext
    ) -> predict_pb2.PredictResponse:
        if request.model_spec.name != self.model.name:
            context.abort(grpc.StatusCode.NOT_FOUND, f"Servable not found for request: {request.model_spec.name}")
        inputs = {key: tf.make_ndarray(value) for key, value in request.inputs.items()}
        response = predict_pb2.PredictResponse()
        for key, value in self.model.run(request.model_spec.signature_name or "serving_default", inputs).items():
            if not request.output_filter or key in request.output_filter:
                response.outputs[key].CopyFrom(tf.make_tensor_proto(value))
        return response


@contextmanager
def rest_server(model: Model):
    """The URL of the model, for as long as the server runs."""
    handler = type("ModelHandler", (Handler,), {"model": model})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1/models/{model.name}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def grpc_server(model: Model):
    """The address, for as long as the server runs."""
    server = grpc.server(futures.ThreadPoolExecutor(2), options=[("grpc.max_receive_message_length", 2**31 - 1)])
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(Servicer(model), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(grace=None).wait()
