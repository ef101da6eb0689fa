"""The three attributions by which the shortcut is measured, in torch, for one logit of many pictures at once."""

import torch

from network import MEAN, STD, Classifier


def input_x_gradient(model: Classifier, x: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """x · ∂F/∂x in the normalised space that the model sees; [n, 3, h, w]."""
    return x * _gradient(model, x, target)


def integrated_gradients(model: Classifier, x: torch.Tensor, target: torch.Tensor, steps: int = 24) -> torch.Tensor:
    """Sundararajan et al. 2017 (arXiv:1703.01365), black baseline, midpoint rule; [n, 3, h, w]."""
    black = (-torch.tensor(MEAN) / torch.tensor(STD)).view(1, 3, 1, 1).expand_as(x)
    total = torch.zeros_like(x)
    for step in range(steps):
        total += _gradient(model, black + (step + 0.5) / steps * (x - black), target)
    return (x - black) * total / steps


def grad_cam(model: Classifier, x: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Selvaraju et al. 2017 (arXiv:1610.02391) on the last map, enlarged bilinearly; [n, 1, h, w]."""
    maps = model.features(x).detach().requires_grad_()
    logits = model.head(maps.mean((2, 3)))
    (gradient,) = torch.autograd.grad(logits.gather(1, target[:, None]).sum(), maps)
    cam = torch.relu((gradient.mean((2, 3), keepdim=True) * maps).sum(1, keepdim=True)).detach()
    return torch.nn.functional.interpolate(cam, x.shape[2:], mode='bilinear', align_corners=False)


METHODS = {'Input × Gradient': input_x_gradient, 'Integrated Gradients': integrated_gradients, 'Grad-CAM': grad_cam}


def _gradient(model: Classifier, x: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    x = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(model(x).gather(1, target[:, None]).sum(), x)
    return gradient


def share_inside(scores: torch.Tensor, region: torch.Tensor) -> torch.Tensor:
    """Share of Σ|score| that falls in the region, per picture: [n]. `region` is boolean [n, h, w]."""
    strength = scores.abs().sum(1)
    return (strength * region).sum((1, 2)) / strength.sum((1, 2)).clamp_min(1e-12)
