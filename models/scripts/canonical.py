"""Makes tf2onnx's output the same byte for byte at every run: it names things at random.

Nodes are written depth first from the outputs, equal ones merged by a hash of their content, equal weights merged, and every
inner name numbered by first use. The function that the graph computes stays the same.

    canonical.py FILE.onnx...
"""

import hashlib
import sys

import onnx

sys.setrecursionlimit(100_000)


def digest(data):
    return hashlib.sha256(data).digest()


class Canonical:
    def __init__(self, graph):
        self.outputs = [output.name for output in graph.output]
        self.inputs = {i.name for i in graph.input}
        self.initializers = {i.name: i for i in graph.initializer}
        self.producers = {name: node for node in graph.node for name in node.output if name}
        self.names = {}  # old name -> new name
        self.hashes = {}  # old name -> hash of what it holds
        self.merged = {}  # hash of a node -> new names of its outputs
        self.weight_names = {}
        self.weights = []
        self.nodes = []
        for at in sorted(range(len(self.outputs)), key=lambda at: self.outputs[at]):
            self.visit(self.outputs[at])

    def visit(self, name):
        if name == "" or name in self.names:
            return
        if name in self.inputs:
            self.names[name] = name
            self.hashes[name] = digest(b"in" + name.encode())
        elif name in self.initializers:
            self.visit_weight(name)
        else:
            self.visit_node(self.producers[name])

    def visit_weight(self, name):
        weight = onnx.TensorProto()
        weight.CopyFrom(self.initializers[name])
        weight.name = ""
        key = digest(weight.SerializeToString(deterministic=True))
        self.hashes[name] = key
        if key not in self.weight_names:
            self.weight_names[key] = f"w{len(self.weights)}"
            weight.name = self.weight_names[key]
            self.weights.append(weight)
        self.names[name] = self.weight_names[key]

    def visit_node(self, node):
        for name in node.input:
            self.visit(name)
        attributes = sorted(node.attribute, key=lambda attribute: attribute.name)
        content = (
            node.op_type,
            node.domain,
            len(node.output),
            [self.hashes.get(name, b"") for name in node.input],
            [attribute.SerializeToString(deterministic=True) for attribute in attributes],
        )
        key = digest(repr(content).encode())
        is_output = any(name in self.outputs for name in node.output)
        if key in self.merged and not is_output:
            for old, new in zip(node.output, self.merged[key]):
                self.names[old] = new
                self.hashes[old] = digest(key + new.encode())
            return
        at = len(self.nodes)
        copy = onnx.NodeProto()
        copy.op_type, copy.domain, copy.name = node.op_type, node.domain, f"n{at}"
        copy.input.extend(self.names.get(name, "") for name in node.input)
        copy.attribute.extend(attributes)
        copy.output.extend(
            (name if name in self.outputs else f"t{at}_{k}") if name else "" for k, name in enumerate(node.output)
        )
        self.nodes.append(copy)
        for k, (old, new) in enumerate(zip(node.output, copy.output)):
            self.names[old] = new
            self.hashes[old] = digest(key + bytes([k]))
        if not is_output:
            self.merged[key] = list(copy.output)


def main(path):
    model = onnx.load(path)
    found = Canonical(model.graph)
    graph = onnx.helper.make_graph(found.nodes, "m", list(model.graph.input), list(model.graph.output), found.weights)
    n_free = 0
    for value in list(graph.input) + list(graph.output):
        for size in value.type.tensor_type.shape.dim:
            if size.dim_param:
                size.dim_param = f"d{n_free}"
                n_free += 1
    clean = onnx.helper.make_model(graph, opset_imports=list(model.opset_import))
    clean.ir_version = model.ir_version
    clean.producer_name = "convert.sh"
    onnx.checker.check_model(clean)
    with open(path, "wb") as file:
        file.write(clean.SerializeToString(deterministic=True))


for argument in sys.argv[1:]:
    main(argument)
