"""The TensorFlow operations that an export of ugvae_tf may have, and the search for others. Without TensorFlow.

A SavedModel is a program: operations of a foreign one can read and write files, use the network and call Python.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ugvae_tf.errors import UserError
from ugvae_tf.serving.saved_model import not_ours, read

TENSORS_AND_VARIABLES = """
Abs Add AddN AddV2 All Any ArgMax ArgMin BatchMatMulV2 BiasAdd BroadcastArgs BroadcastTo Cast Ceil ConcatV2 Const
Conv2D Conv2DBackpropInput DivNoNan Einsum Elu Equal Erf Erfc Exp ExpandDims Expm1 Fill Floor FloorDiv FloorMod
FusedBatchNormV3 GatherNd GatherV2 Gelu Greater GreaterEqual Identity IdentityN InvertPermutation IsFinite IsInf
IsNan L2Loss LeakyRelu Less LessEqual Lgamma Log Log1p LogSoftmax LogicalAnd LogicalNot LogicalOr MatMul
MatrixDiagV3 Max Maximum Mean Min Minimum Mul MulNoNan Neg NoOp NotEqual OneHot OnesLike Pack Pad PadV2
PartitionedCall Pow Prod Range Rank ReadVariableOp RealDiv Reciprocal Relu Relu6 Reshape ReverseV2 Rint Round Rsqrt
SelectV2 Selu Shape Sigmoid Sign Size Slice Softmax Softplus Split SplitV Sqrt Square SquaredDifference Squeeze
StatefulPartitionedCall StopGradient StridedSlice Sub Sum Tanh Tile Transpose Unpack Where Xdivy Xlogy ZerosLike
"""
ALLOWED = frozenset(TENSORS_AND_VARIABLES.split())


def check(version: Path) -> None:
    """Raise UserError if a function that the SavedModel offers has an operation outside ALLOWED."""
    saved = read(version)
    if len(saved.meta_graphs) != 1 or not saved.meta_graphs[0].HasField("object_graph_def"):
        raise not_ours(version)
    foreign = sorted({node.op for node in _nodes(saved.meta_graphs[0])} - ALLOWED)
    if foreign:
        shown = ", ".join(foreign[:3]) + (f" and {len(foreign) - 3} more" if len(foreign) > 3 else "")
        raise UserError(
            f"{version} has operations beyond those on tensors and variables ({shown}), which can touch files, the "
            "network or Python: if you trust who made it, load it with `trust`."
        )


def _nodes(graph: Any) -> Iterator[Any]:
    """The nodes of all functions that can be called, directly or by another function.

    The functions that save and restore variables are not among them: TensorFlow's loader in Python calls neither.
    """
    functions = {function.signature.name: function for function in graph.graph_def.library.function}
    left, seen = [each.key for each in graph.object_graph_def.concrete_functions], set[str]()
    while left:
        name = left.pop()
        if name in seen or name not in functions:
            continue
        seen.add(name)
        for node in functions[name].node_def:
            yield node
            left += [called.name for each in node.attr for called in (each.value.func, *each.value.list.func)]
