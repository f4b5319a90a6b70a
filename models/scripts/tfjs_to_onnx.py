"""TensorFlow.js graph model to ONNX (opset 14), after taking fused operators apart, which tf2onnx cannot read.

    tfjs_to_onnx.py model.json OUT.onnx
"""

import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile

import onnx

FLOAT = {"T": {"type": "DT_FLOAT"}}
INT32 = {"type": "DT_INT32"}
BASE = {
    "_FusedConv2D": "Conv2D",
    "_FusedMatMul": "MatMul",
    "FusedDepthwiseConv2dNative": "DepthwiseConv2dNative",
    "_FusedDepthwiseConv2dNative": "DepthwiseConv2dNative",
}
CONVOLUTION = ("T", "strides", "padding", "dilations", "data_format", "explicit_paddings", "use_cudnn_on_gpu")


def taken_apart(node):
    """The plain operators that a fused one stands for; the last keeps its name."""
    attributes = node.get("attr", {})
    fused = attributes.get("fused_ops", {}).get("list", {}).get("s", [])
    base = BASE[node["op"]]
    wanted = ("transpose_a", "transpose_b", "T") if base == "MatMul" else CONVOLUTION
    kept = {key: value for key, value in attributes.items() if key in wanted}
    kept.setdefault("T", FLOAT["T"])
    if base == "DepthwiseConv2dNative":
        kept.pop("use_cudnn_on_gpu", None)
    steps, at = [(base, node["input"][:2], kept)], 2
    for name in (base64.b64decode(text).decode() for text in fused):
        if name in ("BiasAdd", "Prelu"):
            steps.append((name, [node["input"][at]], dict(FLOAT)))
            at += 1
        elif name in ("Relu", "Relu6", "Elu", "Sigmoid"):
            steps.append((name, [], dict(FLOAT)))
        elif name == "LeakyRelu":
            steps.append((name, [], dict(FLOAT, alpha=attributes.get("leakyrelu_alpha", {"f": 0.2}))))
        else:
            sys.exit(f"a fused operator that is not known: {name}")
    nodes, previous = [], None
    for i, (operator, inputs, attr) in enumerate(steps):
        name = node["name"] if i == len(steps) - 1 else f"{node['name']}/_unf{i}"
        if operator == "Prelu":
            nodes += prelu(node["name"] + "/_pr", name, previous, inputs[0])
        else:
            nodes.append(dict(name=name, op=operator, input=([previous] if previous else []) + inputs, attr=attr))
        previous = name
    return nodes


def prelu(prefix, name, x, alpha):
    """relu(x) - alpha * relu(-x)"""
    step = lambda suffix, operator, inputs: dict(name=prefix + suffix, op=operator, input=inputs, attr=dict(FLOAT))
    return [
        step("/r", "Relu", [x]),
        step("/n", "Neg", [x]),
        step("/rn", "Relu", [prefix + "/n"]),
        step("/m", "Mul", [alpha, prefix + "/rn"]),
        dict(name=name, op="Sub", input=[prefix + "/r", prefix + "/m"], attr=dict(FLOAT)),
    ]


def main(source, target):
    with open(source) as file:
        model = json.load(file)
    folder = os.path.dirname(os.path.abspath(source))
    nodes = []
    for node in model["modelTopology"]["node"]:
        if node["op"] in ("Fill", "TopKV2"):
            node.setdefault("attr", {}).setdefault("index_type", INT32)
        nodes += taken_apart(node) if node["op"] in BASE else [node]
    model["modelTopology"]["node"] = nodes
    with tempfile.TemporaryDirectory() as work:
        with open(f"{work}/model.json", "w") as file:
            json.dump(model, file)
        for group in model["weightsManifest"]:
            for path in group["paths"]:
                shutil.copy(os.path.join(folder, path), os.path.join(work, path))
        command = [sys.executable, "-m", "tf2onnx.convert", "--tfjs", f"{work}/model.json", "--output", target, "--opset", "14"]
        subprocess.run(command, check=True)
    converted = onnx.load(target)
    converted.graph.name = "m"
    converted.graph.doc_string = converted.doc_string = ""
    onnx.save(converted, target)


main(*sys.argv[1:3])
