"""Makes small stand-ins for the depth networks that users install: python3 make_depth.py (needs the package onnx).

depth_brightness.onnx  answers brightness, 0 to 1, as inverse depth: what is bright is near
depth_nan.onnx         answers the square root of minus one everywhere
depth_points.onnx      answers three numbers instead of a plane
depth_grey.onnx        takes one channel instead of three
"""

from pathlib import Path

from onnx import TensorProto, checker, helper, save

# ImageNet's, red first: the program feeds photos in these.
MEAN = [0.485, 0.456, 0.406]
DEVIATION = [0.229, 0.224, 0.225]


def write(name, nodes, constants, n_channels=3, output=("height", "width")):
    tensor = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        name,
        [tensor("pixels", TensorProto.FLOAT, [1, n_channels, "height", "width"])],
        [tensor("depth", TensorProto.FLOAT, [1, *output])],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    checker.check_model(model, full_check=True)
    save(model, Path(__file__).parent / f"depth_{name}.onnx")


def constant(name, shape, values):
    kind = TensorProto.INT64 if name == "axis" else TensorProto.FLOAT
    return helper.make_tensor(name, kind, shape, values)


# One convolution of one pixel takes mean and deviation out again and averages the colours.
brightness = [
    constant("weights", [1, 3, 1, 1], [deviation / 3 for deviation in DEVIATION]),
    constant("bias", [1], [sum(MEAN) / 3]),
    constant("axis", [1], [1]),
]
plane = [
    helper.make_node("Conv", ["pixels", "weights", "bias"], ["grey"], kernel_shape=[1, 1]),
    helper.make_node("Squeeze", ["grey", "axis"], ["depth"]),
]
write("brightness", plane, brightness)

minus_one = [
    constant("weights", [1, 3, 1, 1], [0.0] * 3),
    constant("bias", [1], [-1.0]),
    constant("axis", [1], [1]),
]
root = [
    plane[0],
    helper.make_node("Sqrt", ["grey"], ["root"]),
    helper.make_node("Squeeze", ["root", "axis"], ["depth"]),
]
write("nan", root, minus_one)

write("points", [helper.make_node("GlobalAveragePool", ["pixels"], ["depth"])], [], output=(3, 1, 1))
write("grey", [helper.make_node("Identity", ["pixels"], ["depth"])], [], n_channels=1, output=(1, "height", "width"))
