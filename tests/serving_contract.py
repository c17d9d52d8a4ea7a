"""The contract of an export with TensorFlow Serving, and where one breaks it, by its saved_model.pb alone."""

from collections.abc import Iterator
from pathlib import Path

from tensorflow.core.framework import types_pb2
from tensorflow.core.protobuf import meta_graph_pb2, saved_model_pb2

from ugvae_tf.config import ModelConfig

WITH_BETA, WITH_MIXTURE = {"ug-vae", "ml-vae", "nested-vae"}, {"ug-vae", "gm-vae"}
CODES = "z_mean GBL, z_stddev GBL, component_probs GBK, beta_mean GM, beta_stddev GM"
CONTRACT = {  # signature: what it takes, what it gives
    "serving_default": ("images GBHWC", CODES),
    "encode_ragged": ("images GBHWC, group_sizes G int32", CODES),
    "experts": ("images GBHWC", "precision GBM, precision_mean GBM"),
    "prior": ("beta GM", "z_mean GKL, z_stddev GKL, component_probs GK"),
    "global_prior": ("group_sizes G int32", "beta_mean GM, beta_stddev GM"),
    "decode": ("z GBL, beta GM", "image_mean GBHWC, image_stddev GBHWC"),
    "config": ("group_sizes G int32", "config_json G string"),
}
PYTHON_OPS = {"PyFunc", "PyFuncStateless", "EagerPyFunc"}
UNSEEDED_OPS = {"RandomStandardNormal", "RandomUniform", "RandomUniformInt", "TruncatedNormal", "Multinomial"}
Tensors = dict[str, tuple[str, tuple[int, ...]]]  # name: (dtype, shape with -1 for any size)


def contract(config: ModelConfig, image_shape: tuple[int, int, int]) -> dict[str, tuple[Tensors, Tensors]]:
    """The signatures that an export of this model has to have."""
    sizes = dict(zip("HWC", image_shape, strict=True)) | {"G": -1, "B": -1, "L": config.local_size}
    sizes |= {"M": config.global_size, "K": config.components if config.model in WITH_MIXTURE else 1}
    absent = set() if config.model in WITH_MIXTURE else {"component_probs"}
    absent |= set() if config.model in WITH_BETA else {"experts", "global_prior", "beta", "beta_mean", "beta_stddev"}
    absent |= {"image_stddev"} if config.likelihood == "bernoulli" else set()
    table = dict(CONTRACT)
    if config.model not in WITH_BETA:
        table["prior"] = ("group_sizes G int32", table["prior"][1])  # the same components for every group
    if config.model == "nested-vae":
        table["decode"] = ("z GBL", table["decode"][1])
    return {
        name: (_tensors(taken, sizes, absent), _tensors(given, sizes, absent))
        for name, (taken, given) in table.items()
        if name not in absent
    }


def of_older_export(contract: dict[str, tuple[Tensors, Tensors]]) -> dict[str, tuple[Tensors, Tensors]]:
    """The signatures of an export from before p(beta) and p(d | beta) could be anything but standard and uniform."""
    found = {name: each for name, each in contract.items() if name != "global_prior"}
    taken, given = found["prior"]
    return found | {"prior": (taken, {name: each for name, each in given.items() if name != "component_probs"})}


def _tensors(text: str, sizes: dict[str, int], absent: set[str]) -> Tensors:
    parsed = [entry.split() for entry in text.split(", ")]
    return {
        name: (dtype[0] if dtype else "float", tuple(sizes[axis] for axis in axes))
        for name, axes, *dtype in parsed
        if name not in absent
    }


def faults(version: Path, expected: dict[str, tuple[Tensors, Tensors]]) -> list[str]:
    """Every breach of the contract, each in a line."""
    saved = saved_model_pb2.SavedModel.FromString((version / "saved_model.pb").read_bytes())
    if [list(graph.meta_info_def.tags) for graph in saved.meta_graphs] != [["serve"]]:
        return ["the server looks for one graph with the tag 'serve'"]
    return [*_signature_faults(saved.meta_graphs[0], expected), *_graph_faults(saved.meta_graphs[0])]


def _signature_faults(graph: meta_graph_pb2.MetaGraphDef, expected: dict[str, tuple[Tensors, Tensors]]) -> Iterator:
    found = {name: each for name, each in graph.signature_def.items() if name != "__saved_model_init_op"}
    if set(found) != set(expected):
        yield f"signatures {sorted(found)}, not {sorted(expected)}"
    for name in sorted(set(found) & set(expected)):
        if found[name].method_name != "tensorflow/serving/predict":
            yield f"{name} is for the method '{found[name].method_name}'"
        for tensors, promised in zip((found[name].inputs, found[name].outputs), expected[name], strict=True):
            if (described := {key: _described(info) for key, info in tensors.items()}) != promised:
                yield f"{name} has {described}, not {promised}"


def _described(info: meta_graph_pb2.TensorInfo) -> tuple[str, tuple[int, ...]]:
    dtype = types_pb2.DataType.Name(info.dtype).removeprefix("DT_").lower()
    return dtype, tuple(dim.size for dim in info.tensor_shape.dim)


def _graph_faults(graph: meta_graph_pb2.MetaGraphDef) -> Iterator[str]:
    """What C++ cannot run, or answers otherwise each time."""
    library = graph.graph_def.library.function
    ops = {node.op for nodes in (graph.graph_def.node, *(each.node_def for each in library)) for node in nodes}
    for op in sorted(ops & PYTHON_OPS):
        yield f"{op} needs Python"
    for op in sorted(ops & UNSEEDED_OPS):
        yield f"{op} draws numbers that no input fixes"
    for function in library:
        if function.attr["_XlaMustCompile"].b:
            yield f"{function.signature.name} must be compiled by XLA, which the server has switched off"
