"""Loads and runs a SavedModel by the C++ code that TensorFlow Serving calls, as a process of its own.

Run `python tests/cpp_loader.py JOB`, where JOB is a folder with `job.json`:

    {"library": "libtensorflow_cc.so.2", "repeat": 1, "versions": [{"version": "saved_models/mnist/1",
     "calls": [{"inputs": {"images:0": "a key of inputs.npz"}, "outputs": {"beta_mean:0": "a key of outputs.npz"}}]}]}

and `inputs.npz`. It writes `outputs.npz`: the outputs, and for each version, by its place in the list,
`<place>/seconds` [calls, repeat], or `<place>/status` where the C++ code cannot load or run it. The process
imports neither Python's TensorFlow nor the package: what it cannot load, a server cannot load.
"""

import ctypes
import json
import sys
import time
from ctypes import c_char_p, c_int, c_int64, c_size_t, c_void_p
from pathlib import Path

import numpy as np

DTYPES = {1: np.float32, 3: np.int32}  # TF_FLOAT, TF_INT32
TF_STRING = 7
CODES = {np.dtype(dtype): code for code, dtype in DTYPES.items()}
RESULTS = {
    "TF_NewStatus": c_void_p,
    "TF_NewGraph": c_void_p,
    "TF_NewSessionOptions": c_void_p,
    "TF_Message": c_char_p,
    "TF_LoadSessionFromSavedModel": c_void_p,
    "TF_GraphOperationByName": c_void_p,
    "TF_AllocateTensor": c_void_p,
    "TF_TensorData": c_void_p,
    "TF_TensorByteSize": c_size_t,
    "TF_Dim": c_int64,
    "TF_StringGetDataPointer": c_void_p,
    "TF_StringGetSize": c_size_t,
}
TSTRING_BYTES = 24


class Status(Exception):
    """What the C++ code says of a failure."""


class Output(ctypes.Structure):
    """TF_Output: one output of one operation of the graph."""

    _fields_ = (("operation", c_void_p), ("index", c_int))


class Session:
    """A version loaded with the tag and the settings of the server: XLA is off."""

    def __init__(self, library: str, version: str) -> None:
        self.tf = ctypes.CDLL(library)
        for name, result in RESULTS.items():
            getattr(self.tf, name).restype = result
        self.tf["_ZN10tensorflow21DisableXlaCompilationEv"]()  # tensorflow::DisableXlaCompilation, as the server does
        self.status, self.graph = c_void_p(self.tf.TF_NewStatus()), c_void_p(self.tf.TF_NewGraph())
        options, tags = c_void_p(self.tf.TF_NewSessionOptions()), (c_char_p * 1)(b"serve")
        path = c_char_p(version.encode())
        loaded = self.tf.TF_LoadSessionFromSavedModel(options, None, path, tags, 1, self.graph, None, self.status)
        self._check()
        self.session = c_void_p(loaded)

    def _check(self) -> None:
        if self.tf.TF_GetCode(self.status):
            raise Status(self.tf.TF_Message(self.status).decode())

    def run(self, inputs: dict[str, np.ndarray], outputs: list[str]) -> list[np.ndarray]:
        """The named tensors of the graph, given others."""
        fed = (c_void_p * len(inputs))(*(self._tensor(array) for array in inputs.values()))
        found = (c_void_p * len(outputs))()
        sources, wanted = self._outputs(inputs), self._outputs(outputs)
        self.tf.TF_SessionRun(
            self.session, None, sources, fed, len(fed), wanted, found, len(found), None, 0, None, self.status
        )
        self._check()
        arrays = [self._array(c_void_p(tensor)) for tensor in found]
        for tensor in (*fed, *found):
            self.tf.TF_DeleteTensor(c_void_p(tensor))
        return arrays

    def _outputs(self, names) -> ctypes.Array:
        parts = [name.split(":") for name in names]
        operations = [self.tf.TF_GraphOperationByName(self.graph, operation.encode()) for operation, _ in parts]
        return (Output * len(parts))(
            *(Output(op, int(index)) for op, (_, index) in zip(operations, parts, strict=True))
        )

    def _tensor(self, array: np.ndarray) -> int:
        array = np.ascontiguousarray(array)
        shape = (c_int64 * array.ndim)(*array.shape)
        tensor = self.tf.TF_AllocateTensor(CODES[array.dtype], shape, array.ndim, c_size_t(array.nbytes))
        ctypes.memmove(self.tf.TF_TensorData(c_void_p(tensor)), array.ctypes.data, array.nbytes)
        return tensor

    def _array(self, tensor: c_void_p) -> np.ndarray:
        shape = [self.tf.TF_Dim(tensor, axis) for axis in range(self.tf.TF_NumDims(tensor))]
        data, kind = self.tf.TF_TensorData(tensor), self.tf.TF_TensorType(tensor)
        if kind == TF_STRING:
            strings = [self._string(data + TSTRING_BYTES * place) for place in range(int(np.prod(shape)))]
            return np.array(strings).reshape(shape)
        content = ctypes.string_at(data, self.tf.TF_TensorByteSize(tensor))
        return np.frombuffer(content, DTYPES[kind]).reshape(shape)

    def _string(self, address: int) -> str:
        start, size = (getattr(self.tf, f"TF_StringGet{part}")(c_void_p(address)) for part in ("DataPointer", "Size"))
        return ctypes.string_at(start, size).decode()


def answers(session: Session, calls: list[dict], repeat: int, given: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The outputs of every call, and `seconds` [calls, repeat]."""
    outputs: dict[str, np.ndarray] = {}
    seconds = np.zeros([len(calls), repeat])
    for place, call in enumerate(calls):
        inputs = {tensor: given[key] for tensor, key in call["inputs"].items()}
        for repetition in range(repeat):
            began = time.perf_counter()
            found = session.run(inputs, list(call["outputs"]))
            seconds[place, repetition] = time.perf_counter() - began
        outputs |= dict(zip(call["outputs"].values(), found, strict=True))
    return outputs | {"seconds": seconds}


def main() -> None:
    """Run every call of every version as often as the job says."""
    folder = Path(sys.argv[1])
    job, given = json.loads((folder / "job.json").read_text()), np.load(folder / "inputs.npz")
    results: dict[str, np.ndarray] = {}
    for place, version in enumerate(job["versions"]):
        try:
            found = answers(Session(job["library"], version["version"]), version["calls"], job["repeat"], given)
        except Status as status:
            found = {"status": np.array(str(status))}
        results |= {f"{place}/{key}": array for key, array in found.items()}
    np.savez(folder / "outputs.npz", **results)


if __name__ == "__main__":
    main()
    assert not {"tensorflow", "ugvae_tf"} & set(sys.modules)
