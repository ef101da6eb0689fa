"""Exports one model of each classification family to ONNX with PyTorch's logits and float64 input gradient.

    python3 scripts/reach/export.py [FOLDER] [NAME ...]      # default folder: scripts/reach/models (git-ignored)

Weights are random but seeded. Batch normalisation gets a random scale and shift and the statistics of one random
batch, so that gradients neither vanish nor explode; heads that start at zero are drawn anew. Every model is written
with a symbolic batch axis at opset 17 and with a batch of one at opset 13. Needs torch 1.13, torchvision and numpy;
nothing is downloaded.
"""

import copy
import json
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import torch
import torchvision

warnings.filterwarnings("ignore")

# Smallest input that each family accepts and still gives its last feature map more than one position.
MODELS = {
    "resnet18": 96,
    "vgg11_bn": 224,
    "mobilenet_v2": 96,
    "mobilenet_v3_small": 96,
    "efficientnet_b0": 96,
    "efficientnet_v2_s": 96,
    "densenet121": 96,
    "inception_v3": 139,
    "googlenet": 96,
    "shufflenet_v2_x0_5": 96,
    "squeezenet1_1": 96,
    "convnext_tiny": 96,
    "vit_b_32": 224,
}
CLASSES = 20
TARGET = 7
# A ReLU whose input float32 rounds to the other side of zero moves a whole gradient; of three inputs one may be hit.
INPUTS = 3


def build(name: str, size: int) -> torch.nn.Module:
    torch.manual_seed(0)
    extra = {"aux_logits": False} if name in ("googlenet", "inception_v3") else {}
    if extra:
        extra["init_weights"] = True
    model = getattr(torchvision.models, name)(weights=None, num_classes=CLASSES, **extra)
    for layer in model.modules():
        if isinstance(layer, torch.nn.Linear):
            torch.nn.init.normal_(layer.weight, std=layer.in_features**-0.5)
    settle_batch_norm(model, size)
    return model.eval()


def settle_batch_norm(model: torch.nn.Module, size: int) -> None:
    norms = [layer for layer in model.modules() if isinstance(layer, torch.nn.BatchNorm2d)]
    for layer in norms:
        torch.nn.init.uniform_(layer.weight, 0.7, 1.3)
        torch.nn.init.normal_(layer.bias, std=0.2)
        layer.momentum = 1.0
    if norms:
        model.train()
        with torch.no_grad():
            model(torch.randn(8, 3, size, size))


def gradient(model: torch.nn.Module, x: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
    leaf = x.clone().requires_grad_(True)
    y = model(leaf)
    (dx,) = torch.autograd.grad(y[0, TARGET], leaf)
    return y.detach().numpy(), dx.numpy()


def relative(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.linalg.norm(a - b) / np.linalg.norm(b))


def export(name: str, size: int, folder: Path) -> None:
    start = time.time()
    model = build(name, size)
    xs = torch.randn(INPUTS, 1, 3, size, size)
    double = copy.deepcopy(model).double()
    exact = [gradient(double, x.double()) for x in xs]
    noise = [relative(gradient(model, x)[1], dx) for x, (_, dx) in zip(xs, exact)]
    out = folder / name
    out.mkdir(parents=True, exist_ok=True)
    np.save(out / "input.npy", torch.cat(list(xs)).numpy())
    np.save(out / "logits.npy", np.concatenate([y for y, _ in exact]).astype(np.float32))
    np.save(out / "gradient.npy", np.concatenate([dx for _, dx in exact]).astype(np.float32))
    x = xs[0]
    names = {"input_names": ["input"], "output_names": ["output"]}
    dynamic = {"input": {0: "N"}, "output": {0: "N"}}
    torch.onnx.export(model, x, str(out / "dynamic.opset17.onnx"), opset_version=17, dynamic_axes=dynamic, **names)
    torch.onnx.export(model, x, str(out / "fixed.opset13.onnx"), opset_version=13, **names)
    manifest = {"target": TARGET, "size": size, "float32_noise": noise}
    (out / "manifest.json").write_text(json.dumps(manifest))
    print(f"{name} {size}x{size}: float32 noise of PyTorch's gradient {np.median(noise):.1e}, {time.time() - start:.1f} s", flush=True)


if __name__ == "__main__":
    arguments = sys.argv[1:]
    folder = Path(arguments[0]) if arguments else Path(__file__).parent / "models"
    chosen = arguments[1:] or list(MODELS)
    for name in chosen:
        export(name, MODELS[name], folder)
