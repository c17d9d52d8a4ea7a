"""Protobuf messages of TensorFlow and TensorFlow Serving that we read or write, without importing either.

TensorFlow takes seconds to import, and TensorFlow Serving's API is no requirement of this
package. The names and numbers of the fields are those of the official definitions; their other
fields are ignored. On the wire a map is a repeated pair of key and value, and an enumeration is
a number.
"""

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

DT_FLOAT, DT_INT32, DT_STRING = 1, 3, 7  # tensorflow.DataType
MESSAGES = {
    # tensorflow/core/protobuf/saved_model.proto, meta_graph.proto, saved_object_graph.proto;
    # core/framework/graph.proto, function.proto, node_def.proto, attr_value.proto, tensor.proto
    "SavedModel": {"meta_graphs": (2, "repeated MetaGraph")},
    "MetaGraph": {
        "graph_def": (2, "Graph"),
        "signature_def": (5, "repeated NamedSignature"),
        "object_graph_def": (7, "ObjectGraph"),
    },
    "ObjectGraph": {"concrete_functions": (2, "repeated NamedFunction")},
    "NamedFunction": {"key": (1, "string")},
    "Graph": {"library": (2, "Library")},
    "Library": {"function": (1, "repeated Function")},
    "Function": {"signature": (1, "FunctionName"), "node_def": (3, "repeated Node")},
    "FunctionName": {"name": (1, "string")},
    "Node": {"name": (1, "string"), "op": (2, "string"), "attr": (5, "repeated NamedAttribute")},
    "NamedAttribute": {"key": (1, "string"), "value": (2, "Attribute")},
    "Attribute": {"list": (1, "Attributes"), "func": (10, "FunctionName")},
    "Attributes": {"func": (9, "repeated FunctionName")},
    "NamedSignature": {"key": (1, "string"), "value": (2, "SignatureDef")},
    "SignatureDef": {"inputs": (1, "repeated NamedInfo"), "outputs": (2, "repeated NamedInfo")},
    "NamedInfo": {"key": (1, "string"), "value": (2, "TensorInfo")},
    "TensorInfo": {"name": (1, "string"), "dtype": (2, "int32"), "tensor_shape": (3, "TensorShape")},
    "TensorShape": {"dim": (2, "repeated Dimension")},
    "Dimension": {"size": (1, "int64")},
    "Tensor": {
        "dtype": (1, "int32"),
        "tensor_shape": (2, "TensorShape"),
        "float_val": (5, "repeated float"),
        "int_val": (7, "repeated int32"),
    },
    # tensorflow_serving/apis/prediction_log.proto, predict.proto, model.proto
    "PredictionLog": {"predict_log": (6, "PredictLog")},
    "PredictLog": {"request": (1, "PredictRequest")},
    "PredictRequest": {"model_spec": (1, "ModelSpec"), "inputs": (2, "repeated NamedTensor")},
    "ModelSpec": {"name": (1, "string"), "signature_name": (3, "string")},
    "NamedTensor": {"key": (1, "string"), "value": (2, "Tensor")},
}


def _file() -> descriptor_pb2.FileDescriptorProto:
    """MESSAGES as protobuf's description of a .proto file."""
    file = descriptor_pb2.FileDescriptorProto(name="ugvae_tf/messages.proto", package="ugvae_tf", syntax="proto3")
    for message, fields in MESSAGES.items():
        described = file.message_type.add(name=message)
        for name, (number, kind) in fields.items():
            repeated, _, value = kind.rpartition(" ")
            field = described.field.add(name=name, number=number)
            field.label = field.LABEL_REPEATED if repeated else field.LABEL_OPTIONAL
            if value in MESSAGES:
                field.type, field.type_name = field.TYPE_MESSAGE, f".ugvae_tf.{value}"
            else:
                field.type = getattr(field, f"TYPE_{value.upper()}")
    return file


def _classes() -> dict[str, Any]:
    pool = descriptor_pool.DescriptorPool()  # separate: these definitions are incomplete
    pool.Add(_file())
    return message_factory.GetMessageClassesForFiles(["ugvae_tf/messages.proto"], pool)


_found = _classes()
SavedModel, PredictionLog = _found["ugvae_tf.SavedModel"], _found["ugvae_tf.PredictionLog"]
