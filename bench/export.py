"""Writes the benchmark's models as ONNX files and times PyTorch on them.

    python3 bench/export.py            # bench/models/<name>.onnx, opset 17, symbolic batch axis
    python3 bench/export.py --time     # one JSON line a measurement: forward, and forward with the gradient of one logit

Weights are random but seeded. Batch normalisation gets the statistics of its own activations on random images, so that
numbers keep their size through the depth as in a trained network; heads that start at zero are drawn anew.
Needs torch, torchvision and onnx; nothing is downloaded.
"""

import argparse
import json
import platform
import time
from pathlib import Path

import torch
import torchvision

MODELS = ["squeezenet1_1", "mobilenet_v2", "resnet18", "resnet50", "vit_b_16"]
LARGE_MAPS = "large_maps"
FOLDER = Path(__file__).parent / "models"
SIZE = 224
CLASS = 281


def build(name: str) -> torch.nn.Module:
    torch.manual_seed(0)
    model = large_maps() if name == LARGE_MAPS else getattr(torchvision.models, name)(weights=None)
    for layer in model.modules():
        if isinstance(layer, torch.nn.Linear):
            torch.nn.init.normal_(layer.weight, std=layer.in_features**-0.5)
    settle_batch_norm(model)
    return model.eval()


def large_maps() -> torch.nn.Module:
    """Layers of 64 maps of 224×224, 512 of 28×28 and 2,048 of 7×7, with little else."""
    return torch.nn.Sequential(
        torch.nn.Conv2d(3, 64, 3, padding=1),
        torch.nn.ReLU(),
        torch.nn.MaxPool2d(8),
        torch.nn.Conv2d(64, 512, 3, padding=1),
        torch.nn.ReLU(),
        torch.nn.MaxPool2d(4),
        torch.nn.Conv2d(512, 2048, 1),
        torch.nn.ReLU(),
        torch.nn.AdaptiveAvgPool2d(1),
        torch.nn.Flatten(),
        torch.nn.Linear(2048, 1000),
    )


def settle_batch_norm(model: torch.nn.Module) -> None:
    """Sets running means and variances to those of two random batches."""
    norms = [layer for layer in model.modules() if isinstance(layer, torch.nn.BatchNorm2d)]
    if not norms:
        return
    for layer in norms:
        layer.reset_running_stats()
        layer.momentum = None
    model.train()
    with torch.no_grad():
        for _ in range(2):
            model(torch.randn(4, 3, SIZE, SIZE))


def export(name: str) -> None:
    path = FOLDER / f"{name}.onnx"
    if path.exists():
        print(f"{path} exists")
        return
    model = build(name)
    torch.onnx.export(
        model,
        torch.randn(1, 3, SIZE, SIZE),
        str(path),
        opset_version=17,
        input_names=["input"],
        output_names=["output"],
        dynamic_axes={"input": {0: "N"}, "output": {0: "N"}},
    )
    print(f"{path} {path.stat().st_size / 1e6:.1f} MB")


def forward(model: torch.nn.Module, x: torch.Tensor) -> None:
    with torch.no_grad():
        model(x)


def gradient(model: torch.nn.Module, x: torch.Tensor) -> None:
    leaf = x.detach().requires_grad_(True)
    torch.autograd.grad(model(leaf)[0, CLASS], leaf)


def measure(name: str, threads: int, rounds: int) -> dict:
    """Milliseconds; forward and gradient take turns, so that a busy machine slows both."""
    torch.set_num_threads(threads)
    model = build(name).requires_grad_(False)
    x = torch.randn(1, 3, SIZE, SIZE)
    times = {"forward": [], "gradient": []}
    for _ in range(rounds + 2):
        for key, run in (("forward", forward), ("gradient", gradient)):
            start = time.perf_counter()
            run(model, x)
            times[key].append((time.perf_counter() - start) * 1000)
    summary = {key: spread(values[2:]) for key, values in times.items()}
    return {"runtime": f"torch {torch.__version__}", "model": name, "threads": threads, **summary}


def spread(values: list) -> dict:
    ordered = sorted(values)
    return {"min": round(ordered[0], 2), "median": round(ordered[len(ordered) // 2], 2)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", default=[*MODELS, LARGE_MAPS])
    parser.add_argument("--time", action="store_true")
    parser.add_argument("--threads", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=12)
    options = parser.parse_args()
    FOLDER.mkdir(exist_ok=True)
    for name in options.models:
        if options.time:
            for threads in options.threads:
                print(json.dumps(measure(name, threads, options.rounds)), flush=True)
        else:
            export(name)


if __name__ == "__main__":
    main()
