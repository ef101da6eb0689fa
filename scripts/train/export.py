"""Writes a trained model as ONNX, node by node, so that every tensor has a name worth reading and the bytes are reproducible."""

import torch
from onnx import TensorProto, checker, helper, numpy_helper, save, shape_inference

from network import LAYERS, Classifier, folded

OPSET, IR_VERSION = 17, 8
LAST_MAP = 'relu7'


def to_onnx(model: Classifier, graph_name: str, size: int, classes: int):
    """The network with batch normalisation folded into the convolutions: Conv, Relu, MaxPool, GlobalAveragePool, Flatten, Gemm."""
    nodes, weights = [], []

    def constant(name: str, value: torch.Tensor) -> str:
        weights.append(numpy_helper.from_array(value.detach().contiguous().numpy(), name))
        return name

    def node(op: str, inputs: list[str], output: str, **attributes) -> str:
        nodes.append(helper.make_node(op, inputs, [output], name=output, **attributes))
        return output

    x, pools, merged = 'image', 0, folded(model)
    for layer in LAYERS:
        if layer == 'pool':
            pools += 1
            x = node('MaxPool', [x], f'pool{pools}', kernel_shape=[2, 2], strides=[2, 2])
            continue
        name, _, stride = layer
        weight, bias = merged[name]
        inputs = [x, constant(f'{name}.weight', weight), constant(f'{name}.bias', bias)]
        x = node('Conv', inputs, name, kernel_shape=[3, 3], pads=[1, 1, 1, 1], strides=[stride, stride])
        x = node('Relu', [x], name.replace('conv', 'relu'))
    assert x == LAST_MAP
    x = node('Flatten', [node('GlobalAveragePool', [x], 'average')], 'flat', axis=1)
    node(
        'Gemm',
        [x, constant('head.weight', model.head.weight), constant('head.bias', model.head.bias)],
        'logits',
        transB=1,
    )

    image = helper.make_tensor_value_info('image', TensorProto.FLOAT, ['batch', 3, size, size])
    logits = helper.make_tensor_value_info('logits', TensorProto.FLOAT, ['batch', classes])
    graph = helper.make_graph(nodes, graph_name, [image], [logits], weights)
    onnx_model = helper.make_model(
        graph, producer_name='vitrine', opset_imports=[helper.make_opsetid('', OPSET)], ir_version=IR_VERSION
    )
    checker.check_model(onnx_model, full_check=True)
    return shape_inference.infer_shapes(onnx_model, strict_mode=True)


def save_onnx(model: Classifier, path, graph_name: str, size: int, classes: int) -> None:
    save(to_onnx(model, graph_name, size, classes), str(path))
