"""Attacks by flags and by the answers of a server on 127.0.0.1, for attack.py."""

import copy
import functools
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
from attack_files import STRANGE, damaged, exported
from google.protobuf.json_format import MessageToDict
from tensorflow.core.protobuf import saved_model_pb2

from ugvae_tf.commands import encode, evaluate, group_commands, inspect, train
from ugvae_tf.commands.terminal import errors_for_people
from ugvae_tf.serving.served_model import ServedModel

WORDS = """../x / . .. a/b \udcff \u0663 \u00b2 1- - 5-3 1-2-3 = a= , ,, a,b mnist mnist:9.9.9 folder npz + true None
mnist+mnist http:// http://a@b/v1/models/x /dev/null /proc/self/mem %s {} `seed` --seed \x1b[31m
-1 0 1 7 1e39 1e-40 nan inf -inf"""
TEXTS = (*WORDS.split(), "", "10" * 20, "9" * 5000, "x" * 300, "x" * 5000)


def flags(random: np.random.Generator, folder: Path) -> Iterator:
    """One to three flags with strange values, as far as they are checked before TensorFlow: refused, or a request."""
    commands: dict[str, tuple[Any, tuple[str, ...]]] = {
        "train": (train.parse_training, sum(train.GROUPS.values(), ())),
        "evaluate": (evaluate.parse_evaluation, sum(evaluate.GROUPS.values(), ())),
        "encode": (encode.parse_encoding, sum(encode.GROUPS.values(), ())),
        "inspect": (lambda given: inspect.run(given, "inspect"), ("model",)),
    }
    for name, (_, own, *_) in group_commands.QUESTIONS.items():
        commands[name] = (functools.partial(group_commands.parse_question, name), (*own, *group_commands.SOURCE))
    while True:
        command = str(random.choice(list(commands)))
        parse, names = commands[command]
        given = [] if command != "evaluate" else ["--task", "likelihood"]
        for name in random.choice(names, size=random.integers(1, 4)):
            flag = [] if command == "inspect" else [f"--{name.replace('_', '-')}"]
            given += [*flag, *([] if random.random() < 0.1 else [TEXTS[random.integers(len(TEXTS))]])]
        yield lambda parse=parse, given=given: _parsed(parse, given)


def _parsed(parse: Any, given: list[str]) -> bool:
    with errors_for_people("attack"):
        parse(given)
    return True


def answers(random: np.random.Generator, folder: Path) -> Iterator:
    """A server whose metadata or answers are damaged or changed: refused, or the codes of the model."""
    version = exported(folder / "served")
    local, images = ServedModel(version), random.random([2, 3, 7, 5, 1], np.float32)
    expected = local.encode(images).z_mean
    honest = {"GET": metadata(version), "config": {"outputs": [json.dumps(local.config)]}}
    codes = local.call("serving_default", images=images)
    honest["serving_default"] = {"outputs": {name: value.tolist() for name, value in codes.items()}}
    served: dict[str, bytes] = {}
    address = serve(served)
    while True:
        served.update({name: json.dumps(content).encode() for name, content in honest.items()})
        name = str(random.choice(list(honest)))
        served[name] = damaged(served[name], random)
        if random.random() < 0.7:
            served[name] = json.dumps(changed(honest[name], random)).encode()
        yield lambda: _is_right(ServedModel(address).encode(images), expected)


def _is_right(codes: Any, expected: np.ndarray) -> bool:
    """Whether the codes have the shape of the model's and are finite: a server may have other weights."""
    return codes.z_mean.shape == expected.shape and bool(np.isfinite(codes.z_mean).all())


def metadata(version: Path) -> dict[str, Any]:
    """What TensorFlow Serving says of the version."""
    saved = saved_model_pb2.SavedModel.FromString((version / "saved_model.pb").read_bytes())
    found = {
        name: MessageToDict(each, preserving_proto_field_name=True)
        for name, each in saved.meta_graphs[0].signature_def.items()
    }
    return {"model_spec": {"version": "1"}, "metadata": {"signature_def": {"signature_def": found}}}


def changed(content: Any, random: np.random.Generator) -> Any:
    """The content with one strange value, somewhere."""
    found = holder = copy.deepcopy(content)
    while True:
        keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        if not keys:
            return found
        key = keys[random.integers(len(keys))]
        if not isinstance(holder[key], dict | list) or random.random() < 0.2:
            holder[key] = STRANGE[random.integers(len(STRANGE))]
            return found
        holder = holder[key]


def serve(served: dict[str, bytes]) -> str:
    """The address of a server that answers with these contents, in a thread."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer("GET")

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self._answer(asked["signature_name"])

        def _answer(self, name: str) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(served[name])

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}/v1/models/attacked"
