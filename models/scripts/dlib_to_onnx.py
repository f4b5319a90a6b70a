"""dlib's face descriptor (ResNet v1, CC0) out of face-api's 8-bit weights, as ONNX.

In: float32 [1, 150, 150, 3], red first, 0..255. Out: the 128 numbers of the descriptor, not normalised.

    dlib_to_onnx.py FOLDER OUT.onnx      FOLDER holds face_recognition_model-weights_manifest.json
"""

import json
import os
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def read_weights(folder):
    with open(folder + "/face_recognition_model-weights_manifest.json") as file:
        groups = json.load(file)
    weights = {}
    for group in groups:
        data = b"".join(open(os.path.join(folder, path), "rb").read() for path in group["paths"])
        at = 0
        for weight in group["weights"]:
            n = int(np.prod(weight["shape"])) if weight["shape"] else 1
            quantised = weight.get("quantization")
            if quantised:
                kind = np.dtype(quantised.get("dtype", "uint8"))
                values = np.frombuffer(data, kind, n, at).astype(np.float32) * quantised["scale"] + quantised["min"]
            else:
                kind = np.dtype(np.float32)
                values = np.frombuffer(data, kind, n, at)
            at += n * kind.itemsize
            weights[weight["name"]] = values.reshape(weight["shape"]).astype(np.float32)
        assert at == len(data), "the file holds more than its manifest says"
    return weights


class Network:
    def __init__(self, weights):
        self.weights, self.nodes, self.constants, self.n_nodes = weights, [], [], 0

    def constant(self, name, values):
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def node(self, operator, inputs, **attributes):
        self.n_nodes += 1
        output = f"n{self.n_nodes}_{operator}"
        self.nodes.append(helper.make_node(operator, inputs, [output], **attributes))
        return output

    def convolution(self, x, name, stride, padded, relu):
        filters = self.weights[name + "/conv/filters"].transpose(3, 2, 0, 1)
        bias = self.weights[name + "/conv/bias"]
        # The layer of scales and shifts that follows is folded in.
        scale, shift = self.weights[name + "/scale/weights"], self.weights[name + "/scale/biases"]
        filters, bias = filters * scale[:, None, None, None], bias * scale + shift
        pads = [filters.shape[2] // 2] * 4 if padded else [0] * 4
        inputs = [x, self.constant(name + "_w", filters), self.constant(name + "_b", bias)]
        y = self.node("Conv", inputs, strides=[stride] * 2, pads=pads, dilations=[1, 1])
        return self.node("Relu", [y]) if relu else y

    def residual(self, x, name):
        y = self.convolution(x, name + "/conv1", 1, True, True)
        y = self.convolution(y, name + "/conv2", 1, True, False)
        return self.node("Relu", [self.node("Add", [y, x])])

    def residual_down(self, x, name, size):
        """Halves the picture; zeros fill what the shortcut lacks in channels and the convolutions lack in rows."""
        y = self.convolution(x, name + "/conv1", 2, False, True)
        y = self.convolution(y, name + "/conv2", 1, True, False)
        n_in, n_out = self.weights[name + "/conv1/conv/filters"].shape[2:]
        pooled = self.node("AveragePool", [x], kernel_shape=[2, 2], strides=[2, 2])
        pooled_size, size = size // 2, (size - 3) // 2 + 1
        if pooled_size != size:
            missing = pooled_size - size
            y = self.node("Pad", [y, self.constant(name + "_pd", np.array([0] * 6 + [missing] * 2, np.int64))])
        if n_in != n_out:
            pads = np.array([0, 0, 0, 0, 0, n_out - n_in, 0, 0], np.int64)
            pooled = self.node("Pad", [pooled, self.constant(name + "_pc", pads)])
        return self.node("Relu", [self.node("Add", [pooled, y])]), max(pooled_size, size)


def main(folder, target):
    network = Network(read_weights(folder))
    x = network.node("Transpose", ["input"], perm=[0, 3, 1, 2])
    mean = np.array([122.782, 117.001, 104.298], np.float32).reshape(1, 3, 1, 1)
    x = network.node("Sub", [x, network.constant("mean", mean)])
    x = network.node("Mul", [x, network.constant("inv", np.array(1 / 256, np.float32))])
    x = network.convolution(x, "conv32_down", 2, False, True)
    x = network.node("MaxPool", [x], kernel_shape=[3, 3], strides=[2, 2])
    size = ((150 - 7) // 2 + 1 - 3) // 2 + 1
    for i in (1, 2, 3):
        x = network.residual(x, f"conv32_{i}")
    for width, n in ((64, 3), (128, 2), (256, 2)):
        x, size = network.residual_down(x, f"conv{width}_down", size)
        for i in range(1, n + 1):
            x = network.residual(x, f"conv{width}_{i}")
    x, size = network.residual_down(x, "conv256_down_out", size)
    x = network.node("ReduceMean", [x], axes=[2, 3], keepdims=0)
    matrix = network.constant("fc", network.weights["fc"])
    network.nodes.append(helper.make_node("MatMul", [x, matrix], ["descriptor"]))
    graph = helper.make_graph(
        network.nodes,
        "dlib_resnet_v1",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 150, 150, 3])],
        [helper.make_tensor_value_info("descriptor", TensorProto.FLOAT, [1, 128])],
        network.constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    onnx.save(model, target)


main(*sys.argv[1:3])
