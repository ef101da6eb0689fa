"""Times PyTorch's passes for Integrated Gradients on the models of scripts/reach and on the bundled one.

    python3 bench/torch-passes.py NAME ...     # one JSON line a model: seconds of computing for 50 gradients, one thread

50 gradients of one class by the input, one at a time and as one batch of 50, as Captum asks for them where it is not told
otherwise; the fastest of three rounds of the faster way. What Captum does besides (the path, the weighted sum) is left out.
Needs torch and torchvision; "vitrine-16" has random weights, which take the same time.
"""

import json
import sys
import time
from pathlib import Path

import torch

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "scripts/reach"), str(ROOT / "scripts/train")]
import export as reach  # noqa: E402
import network  # noqa: E402

STEPS, ROUNDS = 50, 3


def model_of(name):
    if name == "vitrine-16":
        return network.Classifier(16).eval(), torch.rand(1, 3, 96, 96)
    size = reach.MODELS[name][1]
    return reach.build(name), reach.draw(name, size, 1)


def seconds(model, x):
    start = time.process_time()
    leaf = x.detach().clone().requires_grad_(True)
    torch.autograd.grad(model(leaf)[:, reach.TARGET].sum(), leaf)
    return time.process_time() - start


def measure(name):
    model, x = model_of(name)
    model.requires_grad_(False)
    batch = x.repeat(STEPS, 1, 1, 1)
    single, whole = [], []
    for _ in range(ROUNDS + 1):
        single.append(sum(seconds(model, x) for _ in range(STEPS)))
        whole.append(seconds(model, batch))
    return {"model": name, "single": min(single[1:]), "batch": min(whole[1:])}


if __name__ == "__main__":
    torch.set_num_threads(1)
    for wanted in sys.argv[1:]:
        print(json.dumps(measure(wanted)), flush=True)
