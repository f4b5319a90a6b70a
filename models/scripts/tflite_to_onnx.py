"""TFLite to ONNX (opset 14, which HardSwish needs), after rewriting what tf2onnx cannot read:

1. sparse constants: TFLite itself runs their DENSIFY, the result becomes a plain constant;
2. MediaPipe's own operator Convolution2DTransposeBias becomes TRANSPOSE_CONV and ADD.

    tflite_to_onnx.py IN.tflite OUT.onnx
"""

import os
import struct
import sys
import tempfile

import flatbuffers
import numpy as np
import tensorflow as tf
from tensorflow.lite.python import schema_py_generated as schema

OPERATOR = schema.BuiltinOperator
PLAIN_KERNELS = tf.lite.experimental.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES


class Rewriter:
    def __init__(self, path):
        self.path = path
        with open(path, "rb") as file:
            self.model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(file.read(), 0))
        self.graph = self.model.subgraphs[0]

    def code(self, operator):
        code = self.model.operatorCodes[operator.opcodeIndex]
        return max(code.builtinCode or 0, code.deprecatedBuiltinCode or 0)

    def add_code(self, builtin):
        code = schema.OperatorCodeT()
        code.builtinCode, code.deprecatedBuiltinCode, code.version = builtin, min(builtin, 127), 1
        self.model.operatorCodes.append(code)
        return len(self.model.operatorCodes) - 1

    def add_buffer(self, array):
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(np.ascontiguousarray(array).tobytes(), np.uint8)
        self.model.buffers.append(buffer)
        return len(self.model.buffers) - 1

    def add_tensor(self, name, shape, kind, array=None):
        tensor = schema.TensorT()
        tensor.name, tensor.shape, tensor.type = name, list(shape), kind
        tensor.buffer = 0 if array is None else self.add_buffer(array)
        self.graph.tensors.append(tensor)
        return len(self.graph.tensors) - 1

    def densify(self):
        if all(self.code(operator) != OPERATOR.DENSIFY for operator in self.graph.operators):
            return
        runner = tf.lite.Interpreter(
            self.path, experimental_preserve_all_tensors=True, experimental_op_resolver_type=PLAIN_KERNELS
        )
        runner.allocate_tensors()
        runner._interpreter.Invoke()
        kept = []
        for operator in self.graph.operators:
            if self.code(operator) != OPERATOR.DENSIFY:
                kept.append(operator)
                continue
            array = runner._interpreter.GetTensor(operator.outputs[0], 0)
            dense = self.graph.tensors[operator.outputs[0]]
            dense.buffer, dense.sparsity, dense.shape = self.add_buffer(array), None, list(array.shape)
            self.graph.tensors[operator.inputs[0]].buffer = dense.buffer
        self.graph.operators = kept
        for tensor in self.graph.tensors:
            tensor.sparsity = None

    def split_transposed_convolutions(self):
        operators, convolution, addition = [], None, None
        for at, operator in enumerate(self.graph.operators):
            custom = self.model.operatorCodes[operator.opcodeIndex].customCode
            if custom is None or (custom if isinstance(custom, str) else bytes(custom).decode()) != "Convolution2DTransposeBias":
                operators.append(operator)
                continue
            same, stride_w, stride_h = struct.unpack("<iii", bytes(bytearray(operator.customOptions))[:12])
            if convolution is None:
                convolution, addition = self.add_code(OPERATOR.TRANSPOSE_CONV), self.add_code(OPERATOR.ADD)
            x, weights, bias = operator.inputs
            y = operator.outputs[0]
            x_shape, w_shape = self.graph.tensors[x].shape, self.graph.tensors[weights].shape
            if same == 1:
                shape = [x_shape[0], x_shape[1] * stride_h, x_shape[2] * stride_w, w_shape[0]]
            else:
                height, width = (x_shape[1] - 1) * stride_h + w_shape[1], (x_shape[2] - 1) * stride_w + w_shape[2]
                shape = [x_shape[0], height, width, w_shape[0]]
            self.graph.tensors[y].shape = list(shape)
            size = self.add_tensor(f"tc_shape_{at}", [4], schema.TensorType.INT32, np.array(shape, np.int32))
            middle = self.add_tensor(f"tc_mid_{at}", shape, schema.TensorType.FLOAT32)
            operators.append(self.transposed(convolution, [size, weights, x], middle, same, stride_w, stride_h))
            operators.append(self.added(addition, [middle, bias], y))
        self.graph.operators = operators

    @staticmethod
    def transposed(code, inputs, output, same, stride_w, stride_h):
        operator, options = schema.OperatorT(), schema.TransposeConvOptionsT()
        operator.opcodeIndex, operator.inputs, operator.outputs = code, inputs, [output]
        options.padding, options.strideW, options.strideH = 0 if same == 1 else 1, stride_w, stride_h
        operator.builtinOptionsType, operator.builtinOptions = schema.BuiltinOptions.TransposeConvOptions, options
        return operator

    @staticmethod
    def added(code, inputs, output):
        operator = schema.OperatorT()
        operator.opcodeIndex, operator.inputs, operator.outputs = code, inputs, [output]
        operator.builtinOptionsType, operator.builtinOptions = schema.BuiltinOptions.AddOptions, schema.AddOptionsT()
        return operator

    def bytes(self):
        builder = flatbuffers.Builder(1 << 20)
        builder.Finish(self.model.Pack(builder), b"TFL3")
        return bytes(builder.Output())


def main(source, target):
    rewriter = Rewriter(source)
    rewriter.densify()
    rewriter.split_transposed_convolutions()
    with tempfile.NamedTemporaryFile(suffix=".tflite", delete=False) as file:
        file.write(rewriter.bytes())

    # tf2onnx asks an interpreter for shapes; delegates would change the graph under it.
    interpreter = tf.lite.Interpreter

    def plain(*arguments, **keywords):
        keywords.setdefault("experimental_op_resolver_type", PLAIN_KERNELS)
        return interpreter(*arguments, **keywords)

    tf.lite.Interpreter = plain
    import onnx
    import tf2onnx

    tf2onnx.convert.from_tflite(file.name, opset=14, output_path=target)
    os.remove(file.name)
    model = onnx.load(target)
    model.graph.name = "m"
    model.graph.doc_string = model.doc_string = ""
    onnx.save(model, target)
    foreign = sorted({node.op_type for node in model.graph.node if node.domain not in ("", "ai.onnx")})
    if foreign:
        sys.exit(f"{target}: operators that are not ONNX are left: {foreign}")


main(*sys.argv[1:3])
