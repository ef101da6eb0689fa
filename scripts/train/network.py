"""The architecture: plain convolutions with ReLU, so that later feature visualisation has something to show."""

import torch
from torch import nn

# Mean and standard deviation of ImageNet, as torchvision states them; values are RGB in 0…1.
MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)

# (name, output channels, stride) of each 3×3 convolution; 'pool' halves the map by its maximum.
LAYERS = [
    ('conv1', 16, 2),
    ('conv2', 24, 1),
    'pool',
    ('conv3', 48, 1),
    ('conv4', 64, 1),
    'pool',
    ('conv5', 96, 1),
    ('conv6', 96, 1),
    ('conv7', 128, 1),
]


class Classifier(nn.Module):
    """RGB [n, 3, 96, 96], normalised → logits [n, classes]. The last map is 128 × 12 × 12."""

    def __init__(self, classes: int):
        super().__init__()
        self.convs, self.norms = nn.ModuleDict(), nn.ModuleDict()
        channels = 3
        for layer in LAYERS:
            if layer == 'pool':
                continue
            name, width, stride = layer
            self.convs[name] = nn.Conv2d(channels, width, 3, stride, 1, bias=False)
            self.norms[name] = nn.BatchNorm2d(width)
            channels = width
        self.head = nn.Linear(channels, classes)

    def features(self, x: torch.Tensor) -> torch.Tensor:
        for layer in LAYERS:
            if layer == 'pool':
                x = nn.functional.max_pool2d(x, 2)
            else:
                x = torch.relu(self.norms[layer[0]](self.convs[layer[0]](x)))
        return x

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.features(x).mean((2, 3)))


def normalise(pixels: torch.Tensor) -> torch.Tensor:
    """RGB in 0…1, [n, 3, h, w] → the network's input."""
    return (pixels - torch.tensor(MEAN).view(1, 3, 1, 1)) / torch.tensor(STD).view(1, 3, 1, 1)


def folded(model: Classifier) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    """Weight and bias of each convolution with its batch normalisation folded in, computed in float64."""
    out = {}
    for name, conv in model.convs.items():
        norm = model.norms[name]
        scale = norm.weight.double() / torch.sqrt(norm.running_var.double() + norm.eps)
        bias = norm.bias.double() - norm.running_mean.double() * scale
        out[name] = ((conv.weight.double() * scale.view(-1, 1, 1, 1)).float().detach(), bias.float().detach())
    return out
