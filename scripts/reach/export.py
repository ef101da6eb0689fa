"""Exports a model of every classification family of torchvision 0.14, a segmentation model, a recurrent and a text
classifier to ONNX, with PyTorch's logits and float64 gradient.

    python3 scripts/reach/export.py [FOLDER] [NAME ...]      # default folder: scripts/reach/models (git-ignored)

Weights are random but seeded. Batch normalisation gets a random scale and shift and the statistics of one batch of
random pictures, so that gradients neither vanish nor explode; layers that start at zero are drawn anew. Inputs are drawn
until there are three at which float32 can tell the gradient (see `chosen`). Every model is written at opset 11, 13 and
17, with a symbolic batch axis and with a batch of one; what PyTorch cannot write is listed in the manifest. All files of
a model share one file of weights. Needs torch 1.13, torchvision, onnx and numpy; nothing is downloaded.
"""

import copy
import hashlib
import io
import json
import multiprocessing
import os
import sys
import time
import warnings
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import nn
from torchvision import models
from torchvision.models.swin_transformer import PatchMergingV2, SwinTransformerBlockV2

warnings.filterwarnings("ignore")

CLASSES = 20
TARGET = 7
OPSETS = (11, 13, 17)
INPUTS = 3
# Passes of PyTorch that round differently and must agree at an input, and within which relative L2 distance.
ROUNDINGS, WELL = 12, 5e-5
# More passes, that round this many times as far: of several inputs that pass the first, those are taken that bear most of these.
FURTHER, FAR = 6, 4
# Inputs tried: as many as are wanted, which do for smooth models, then by groups; so many of these in the hope of better ones.
GROUP, MOST_GROUPS, HOPEFUL = 12, 12, 2
# Examples run at once while inputs are chosen.
BATCH = 8
# Smaller weights stay in the model's file.
SHARED_BYTES = 4096
TOKENS, WORDS, WIDTH = 16, 50, 24


class Segmentation(nn.Module):
    """The map of class scores alone, out of the dictionary that torchvision returns."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, x):
        return self.model(x)["out"]


class Recurrent(nn.Module):
    """Reads a grey picture row by row, with an LSTM, a GRU and a plain recurrent layer, each in both directions."""

    def __init__(self, width=16):
        super().__init__()
        kinds = {"batch_first": True, "bidirectional": True}
        self.lstm = nn.LSTM(28, width, **kinds)
        self.gru = nn.GRU(2 * width, width, **kinds)
        self.rnn = nn.RNN(2 * width, width, **kinds)
        self.head = nn.Linear(2 * width, CLASSES)

    def forward(self, x):
        rows = x[:, 0]
        for layer in (self.lstm, self.gru, self.rnn):
            rows, _ = layer(rows)
        return self.head(rows.mean(1))


class Text(nn.Module):
    """A transformer encoder over word numbers; word 0 is padding, which attention and the mean leave out."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(WORDS, WIDTH)
        self.position = nn.Parameter(torch.randn(1, TOKENS, WIDTH) * 0.1)
        layer = nn.TransformerEncoderLayer(WIDTH, 3, 2 * WIDTH, batch_first=True, activation="gelu")
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(WIDTH, CLASSES)

    def forward(self, words):
        return self.of(words, self.embedding(words))

    def of(self, words, embedded):
        hidden = self.encoder(embedded + self.position, src_key_padding_mask=words == 0)
        weight = (words != 0).unsqueeze(-1).to(hidden.dtype)
        return self.head((hidden * weight).sum(1) / weight.sum(1))


def classifier(name, **options):
    return lambda: getattr(models, name)(weights=None, num_classes=CLASSES, **options)


def small_head(model, features):
    """Hidden layers of 256 in place of 4096 units, which would hold nine tenths of all weights."""
    linear = [i for i, layer in enumerate(model.classifier) if isinstance(layer, nn.Linear)]
    for i, (inputs, outputs) in zip(linear, ((features, 256), (256, 256), (256, CLASSES))):
        model.classifier[i] = nn.Linear(inputs, outputs)
    return model


# The smallest members of these families have dozens of equal blocks, or feature maps of 224 pixels: the family's own
# class builds them with fewer, or with narrower ones.


def vgg():
    layers = [16, "M", 32, "M", 64, 64, "M", 128, 128, "M", 128, 128, "M"]
    return small_head(models.vgg.VGG(models.vgg.make_layers(layers, batch_norm=True), CLASSES), 128 * 7 * 7)


def vit():
    return models.VisionTransformer(64, 16, 4, 4, 128, 256, num_classes=CLASSES)


def maxvit():
    return models.MaxVit((64, 64), 32, 2, [32, 64, 128, 256], [1, 1, 2, 1], 32, 0.0, num_classes=CLASSES)


def swin(**options):
    return models.SwinTransformer([4, 4], 48, [2, 2, 2, 2], [3, 6, 12, 24], **options, num_classes=CLASSES)


def swin_v1():
    return swin(window_size=[7, 7])


def swin_v2():
    parts = {"block": SwinTransformerBlockV2, "downsample_layer": PatchMergingV2}
    return swin(window_size=[8, 8], **parts)


def wide_resnet():
    return models.ResNet(models.resnet.Bottleneck, [1, 1, 1, 1], CLASSES, width_per_group=128)


def resnext():
    return models.ResNet(models.resnet.Bottleneck, [1, 1, 1, 1], CLASSES, groups=32, width_per_group=4)


def segmentation():
    options = {"weights": None, "weights_backbone": None, "num_classes": CLASSES}
    return Segmentation(models.segmentation.deeplabv3_mobilenet_v3_large(**options))


# Smallest input that each family accepts and that gives its last feature map more than one position.
MODELS = {
    "alexnet": (lambda: small_head(classifier("alexnet")(), 256 * 6 * 6), 224),
    "convnext_tiny": (classifier("convnext_tiny"), 64),
    "densenet121": (classifier("densenet121"), 64),
    "efficientnet_b0": (classifier("efficientnet_b0"), 64),
    "efficientnet_v2_s": (classifier("efficientnet_v2_s"), 64),
    "googlenet": (classifier("googlenet", aux_logits=False, init_weights=True), 64),
    "inception_v3": (classifier("inception_v3", aux_logits=False, init_weights=True), 107),
    "maxvit": (maxvit, 64),
    "mnasnet0_5": (classifier("mnasnet0_5"), 64),
    "mobilenet_v2": (classifier("mobilenet_v2"), 64),
    "mobilenet_v3_small": (classifier("mobilenet_v3_small"), 64),
    "regnet_y_400mf": (classifier("regnet_y_400mf"), 64),
    "resnet18": (classifier("resnet18"), 64),
    "resnext": (resnext, 64),
    "shufflenet_v2_x0_5": (classifier("shufflenet_v2_x0_5"), 64),
    "squeezenet1_1": (classifier("squeezenet1_1"), 64),
    "swin": (swin_v1, 64),
    "swin_v2": (swin_v2, 64),
    "vgg_bn": (vgg, 224),
    "vit": (vit, 64),
    "wide_resnet": (wide_resnet, 64),
    "deeplabv3_mobilenet_v3_large": (segmentation, 64),
    "recurrent": (Recurrent, 28),
    "text": (Text, TOKENS),
}
# They go first, so that no core is left with one of them at the end.
LONGEST = ("swin_v2", "efficientnet_v2_s", "densenet121", "inception_v3", "convnext_tiny")


def build(name):
    torch.manual_seed(0)
    make, size = MODELS[name]
    model = make().eval()
    for layer in model.modules():
        if isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight, std=layer.in_features**-0.5)
        if hasattr(layer, "layer_scale"):
            nn.init.uniform_(layer.layer_scale, 0.2, 0.6)
    if name == "swin_v2":
        zero_key_bias(model)
    if name not in ("recurrent", "text"):
        settle_batch_norm(model, size)
    return model.eval()


def settle_batch_norm(model, size):
    norms = [layer for layer in model.modules() if isinstance(layer, nn.BatchNorm2d)]
    for layer in norms:
        nn.init.uniform_(layer.weight, 0.7, 1.3)
        nn.init.normal_(layer.bias, std=0.2)
        layer.momentum = 1.0
        layer.train()
    if norms:
        with torch.no_grad():
            model(pictures(8, 3, size))


def pictures(count, channels, size):
    """Like pictures, these differ in colour and coarse shapes more than in noise. Over white noise a deep network with
    random weights answers nearly the same everywhere, and batch normalisation blows up what rounding is left of that.
    """
    coarse = [torch.randn(count, channels, side, side) for side in (1, 3, 8)]
    grown = [nn.functional.interpolate(x, (size, size), mode="bilinear", align_corners=False) for x in coarse]
    return 0.7 * grown[0] + 0.7 * grown[1] + 0.5 * grown[2] + 0.2 * torch.randn(count, channels, size, size)


def zero_key_bias(model):
    """What torchvision does in every pass, on a copy: the keys of Swin v2 have no bias."""
    for layer in model.modules():
        if hasattr(layer, "logit_scale"):
            length = layer.qkv.bias.numel() // 3
            layer.qkv.bias.data[length : 2 * length] = 0


@contextmanager
def without_zeroing():
    """PyTorch 1.13 cannot export that zeroing in place; it was done once, so it changes nothing any more."""
    torch.Tensor.zero_ = lambda tensor: tensor
    try:
        yield
    finally:
        del torch.Tensor.zero_


def draw(name, size, count):
    if name == "text":
        words = torch.randint(1, WORDS, (count, size))
        for i, row in enumerate(words):
            row[size - 2 * (i % 3) :] = 0
        return words
    return pictures(count, 1 if name == "recurrent" else 3, size)


def gradient(name, model, x):
    """The outputs, and of each example the gradient of one class, or of its sum over all pixels, by the input or its
    embedding.
    """
    leaf = (model.embedding(x) if name == "text" else x).detach().clone().requires_grad_(True)
    y = model.of(x, leaf) if name == "text" else model(leaf)
    (dx,) = torch.autograd.grad(y[:, TARGET].sum(), leaf)
    return y.detach(), dx


def relative(a, b):
    """Relative L2 distance of each example."""
    return ((a - b).flatten(1).norm(dim=1) / b.flatten(1).norm(dim=1)).numpy()


def last_bit(tensor, units):
    """Moved by up to so many units in the last place; one is about what a sum in another order rounds to."""
    return tensor * (1 + (2 * torch.rand_like(tensor) - 1) * units * 2.0**-23) if tensor.is_floating_point() else tensor


@contextmanager
def rounded_otherwise(model, state, units):
    with torch.no_grad():
        for key, value in model.state_dict().items():
            value.copy_(last_bit(state[key], units))
    yield
    with torch.no_grad():
        model.load_state_dict(state)


def spread_of(name, model, xs):
    """How many of the passes that round differently agree with the plain one at each of `xs`, up to the first that does
    not, and the largest distance up to there, of those that round by one unit. A pass runs only on the inputs that are
    still in the race.
    """
    by_batches = lambda x: torch.cat([gradient(name, model, part)[1] for part in x.split(BATCH)])
    plain, state = by_batches(xs), copy.deepcopy(model.state_dict())
    agreed, worst = np.zeros(len(xs), int), np.zeros(len(xs))
    alive = np.arange(len(xs))
    for units in [1] * ROUNDINGS + [FAR] * FURTHER:
        with rounded_otherwise(model, state, units):
            distance = relative(by_batches(last_bit(xs[alive], units)), plain[alive])
        if units == 1:
            worst[alive] = np.maximum(worst[alive], distance)
        alive = alive[distance <= WELL]
        agreed[alive] += 1
        if len(alive) == 0:
            break
    return agreed, worst


def chosen(name, model, size):
    """The first inputs at which PyTorch's float32 gradients agree however they round; where too few are found soon, those at
    which most passes agree. Elsewhere some unit is so near its kink that rounding decides on which side it is, which
    moves the whole gradient: there float32 says nothing, PyTorch's no more than ours.

    Returns the inputs, the agreeing passes of each, their largest distance, and how many inputs were drawn.
    """
    xs, agreed, worst = draw(name, size, 0), np.zeros(0, int), np.zeros(0)
    for groups, group in enumerate([INPUTS] + [GROUP] * MOST_GROUPS):
        more = draw(name, size, group)
        found = spread_of(name, model, more)
        xs, agreed, worst = torch.cat([xs, more]), np.append(agreed, found[0]), np.append(worst, found[1])
        if (agreed >= (ROUNDINGS if groups >= HOPEFUL else ROUNDINGS + FURTHER)).sum() >= INPUTS:
            break
    best = np.argsort(-agreed, kind="stable")[:INPUTS]
    return xs[best], agreed[best], worst[best], len(xs)


class Weights:
    """One file that holds every distinct weight of a model's files once."""

    def __init__(self, path):
        self.path, self.offsets, self.file = path, {}, path.open("wb")

    def move(self, tensor):
        data = tensor.raw_data
        key = hashlib.sha256(data).digest()
        if key not in self.offsets:
            self.offsets[key] = self.file.tell()
            self.file.write(data)
        tensor.ClearField("raw_data")
        tensor.data_location = onnx.TensorProto.EXTERNAL
        where = {"location": self.path.name, "offset": self.offsets[key], "length": len(data)}
        for field, value in where.items():
            tensor.external_data.add(key=field, value=str(value))


def write(model, x, path, opset, dynamic, weights):
    names = {"input_names": ["input"], "output_names": ["output"]}
    axes = {"dynamic_axes": {"input": {0: "N"}, "output": {0: "N"}}} if dynamic else {}
    buffer = io.BytesIO()
    with without_zeroing():
        torch.onnx.export(model, x, buffer, opset_version=opset, **names, **axes)
    proto = onnx.load_model_from_string(buffer.getvalue())
    for tensor in proto.graph.initializer:
        if len(tensor.raw_data) > SHARED_BYTES:
            weights.move(tensor)
    onnx.save_model(proto, str(path))


def export(name, folder):
    start = time.time()
    size = MODELS[name][1]
    model = build(name)
    xs, agreed, worst, drawn = chosen(name, model, size)
    chose = time.time()
    double = copy.deepcopy(model).double()
    logits, exact = gradient(name, double, xs if name == "text" else xs.double())
    noise = relative(gradient(name, model, xs)[1], exact)
    out = folder / name
    out.mkdir(parents=True, exist_ok=True)
    for file, values in (("input", xs), ("logits", logits.float()), ("gradient", exact.float())):
        np.save(out / f"{file}.npy", values.numpy())
    weights, refused = Weights(out / "weights.bin"), {}
    for opset in OPSETS:
        for dynamic in (True, False):
            file = f"opset{opset}.{'dynamic' if dynamic else 'fixed'}.onnx"
            try:
                write(model, xs[:1], out / file, opset, dynamic, weights)
            except Exception as error:  # PyTorch raises several kinds; all are told in the manifest.
                (out / file).unlink(missing_ok=True)
                refused[file] = str(error).strip().splitlines()[0]
    manifest = {"target": TARGET, "size": size, "refused": refused, "drawn": drawn, "passes": ROUNDINGS}
    manifest |= {"agreed": agreed.tolist(), "float32_noise": noise.tolist(), "float32_spread": worst.tolist()}
    manifest |= {"sum": name.startswith("deeplab"), "embedding": name == "text"}
    (out / "manifest.json").write_text(json.dumps(manifest, indent=1))
    told = f", not written: {', '.join(refused)}" if refused else ""
    inputs = f"{drawn} inputs drawn, {(agreed >= ROUNDINGS).sum()} well conditioned"
    seconds = f"{time.time() - start:.1f} s, of which {chose - start:.1f} s choosing"
    print(f"{name}: {inputs}, float32 noise {noise.max():.1e}, {seconds}{told}", flush=True)


def alone(name, folder):
    """In a process of its own on one thread: there are as many processes as cores."""
    torch.set_num_threads(1)
    export(name, folder)


if __name__ == "__main__":
    arguments = sys.argv[1:]
    folder = Path(arguments[0]) if arguments else Path(__file__).parent / "models"
    begin = time.time()
    # Freed memory is kept for the next tensor of that size: a third of the time went into fetching it from the system.
    os.environ |= {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(2**40), "OMP_NUM_THREADS": "1"}
    with multiprocessing.get_context("spawn").Pool(os.cpu_count(), maxtasksperchild=1) as pool:
        names = sorted(arguments[1:] or MODELS, key=lambda name: name not in LONGEST)
        pool.starmap(alone, [(name, folder) for name in names], chunksize=1)
    print(f"{time.time() - begin:.0f} s")
