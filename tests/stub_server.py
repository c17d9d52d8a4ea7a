"""A stand-in for TensorFlow Serving: its REST and gRPC interfaces, with the real SavedModel behind them.

For tests of clients: whether the server can load and run an export is tested by cpp_loader.py.
"""

import json
import re
import threading
from concurrent import futures
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import grpc
import tensorflow as tf
from stub_model import Model, Refused
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

PATH = re.compile(r"/v1/models/(\w+)(?:/versions/(\d+))?(/metadata|:predict)?")


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
    thread = threading.Thread(target=server.serve_forever, args=[0.01])
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
