"""Stores the large weights of an ONNX file as 16-bit floats, with a Cast back to 32 bits at load: half the size, same arithmetic.

Loses nothing where the weights were 16-bit at their source (MediaPipe, human-models).

    half_weights.py IN.onnx OUT.onnx
"""

import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

# Smaller constants are axes, shapes and biases: nothing to gain.
MIN_ELEMENTS = 256


def main(source, target):
    model = onnx.load(source)
    graph = model.graph
    weights, casts = [], []
    for weight in graph.initializer:
        values = numpy_helper.to_array(weight)
        if weight.data_type != TensorProto.FLOAT or values.size < MIN_ELEMENTS:
            weights.append(weight)
            continue
        half = weight.name + "_h"
        weights.append(numpy_helper.from_array(values.astype(np.float16), half))
        casts.append(helper.make_node("Cast", [half], [weight.name], to=TensorProto.FLOAT))
    nodes = list(graph.node)
    del graph.initializer[:]
    graph.initializer.extend(weights)
    del graph.node[:]
    graph.node.extend(casts + nodes)
    onnx.save(model, target)


main(*sys.argv[1:3])
