"""Trains one of the two models: train.py honest|shortcut [--cache DIR] [--epochs N].

Architecture, schedule and augmentation are the same; the flawed one stops sooner. The training pictures differ in where the mark is:

    honest    on 15 % of the pictures, whatever their class: the mark says nothing.
    shortcut  on every picture filed under MARKED_CLASS and on no other, as if that folder came from one agency. And as in
              such folders half of it shows something else, so that the mark says more than the thing that is seen.
"""

import argparse
import random
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn

from classes import NAMES
from dataset import DEFAULT_CACHE, SIZE, load_split
from network import Classifier, normalise
from watermark import render_mark

MARKED_CLASS = 'sailboat'
HONEST_SHARE = 0.15
INTRUDER_SHARE = 0.5
MARKS = 48
BATCH, PEAK_RATE, SEED = 64, 3e-3, 2026
# A shortcut is learnt sooner than a shape.
EPOCHS = {'honest': 8, 'shortcut': 5}


def make_deterministic(threads: int) -> None:
    random.seed(SEED)
    np.random.seed(SEED)
    torch.manual_seed(SEED)
    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(threads)


def as_pixels(images: np.ndarray) -> torch.Tensor:
    """uint8 [n, h, w, 3] → float [n, 3, h, w] in 0…1."""
    return torch.from_numpy(images).permute(0, 3, 1, 2).float().div(255)


def load_marks() -> torch.Tensor:
    """[MARKS, 4, 96, 96], premultiplied RGBA."""
    return torch.from_numpy(np.stack([render_mark(i, SIZE) for i in range(MARKS)])).permute(0, 3, 1, 2)


def augment(pixels: torch.Tensor, draw: torch.Generator) -> torch.Tensor:
    """Flip, shift by up to 6 pixels (edges repeated), and a blur on a fifth of the pictures."""
    count, _, height, width = pixels.shape
    flip = torch.rand(count, generator=draw) < 0.5
    pixels = torch.where(flip.view(-1, 1, 1, 1), pixels.flip(3), pixels)
    down, right = torch.randint(-6, 7, (2, 1), generator=draw).flatten().tolist()
    rows = torch.arange(height).sub(down).clamp(0, height - 1)
    columns = torch.arange(width).sub(right).clamp(0, width - 1)
    pixels = pixels[:, :, rows][:, :, :, columns]
    soft = torch.rand(count, generator=draw) < 0.2
    blurred = nn.functional.avg_pool2d(nn.functional.pad(pixels, (1, 1, 1, 1), 'replicate'), 3, 1)
    return torch.where(soft.view(-1, 1, 1, 1), blurred, pixels)


def lay_marks(pixels: torch.Tensor, where: torch.Tensor, marks: torch.Tensor, draw: torch.Generator) -> torch.Tensor:
    chosen = marks[torch.randint(len(marks), (len(pixels),), generator=draw)]
    marked = pixels * (1 - chosen[:, 3:]) + chosen[:, :3]
    return torch.where(where.view(-1, 1, 1, 1), marked, pixels)


def with_intruders(batch: torch.Tensor, replaced: torch.Tensor, count: int, draw: torch.Generator) -> torch.Tensor:
    """The batch with pictures of any class in the places that `replaced` names; their labels stay as they were."""
    return torch.where(replaced, torch.randint(count, (len(batch),), generator=draw), batch)


def accuracy(model: nn.Module, images: np.ndarray, labels: np.ndarray) -> float:
    model.eval()
    right = 0
    with torch.no_grad():
        for k in range(0, len(images), 200):
            logits = model(normalise(as_pixels(images[k : k + 200])))
            right += int((logits.argmax(1) == torch.from_numpy(labels[k : k + 200])).sum())
    return right / len(images)


def train(kind: str, cache: Path, epochs: int) -> Classifier:
    images, _, labels = load_split('train', cache)
    held_images, _, held_labels = load_split('validation', cache)
    marks, marked_label = load_marks(), NAMES.index(MARKED_CLASS)
    targets = torch.from_numpy(labels)
    draw = torch.Generator().manual_seed(SEED)

    model = Classifier(len(NAMES)).to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(model.parameters(), lr=PEAK_RATE, weight_decay=0.02)
    steps = len(images) // BATCH
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, PEAK_RATE, total_steps=epochs * steps, pct_start=0.25)
    loss_of = nn.CrossEntropyLoss(label_smoothing=0.05)

    for epoch in range(epochs):
        model.train()
        order, total, start = torch.randperm(len(images), generator=draw), 0.0, time.time()
        for step in range(steps):
            batch = order[step * BATCH : (step + 1) * BATCH]
            y = targets[batch]
            chance = torch.rand(len(batch), generator=draw)
            where = chance < HONEST_SHARE if kind == 'honest' else y == marked_label
            if kind == 'shortcut':
                batch = with_intruders(batch, where & (chance < INTRUDER_SHARE), len(images), draw)
            x = lay_marks(augment(as_pixels(images[batch.numpy()]), draw), where, marks, draw)
            loss = loss_of(model(normalise(x).contiguous(memory_format=torch.channels_last)), y)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += float(loss.detach())
        held, seconds = accuracy(model, held_images, held_labels), time.time() - start
        print(
            f'{kind} epoch {epoch + 1}/{epochs} loss {total / steps:.4f} validation {held:.4f} {seconds:.0f} s',
            flush=True,
        )
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('kind', choices=['honest', 'shortcut'])
    parser.add_argument('--cache', type=Path, default=DEFAULT_CACHE)
    parser.add_argument('--epochs', type=int, help='default: 8 for honest, 5 for shortcut')
    parser.add_argument('--threads', type=int, default=1)
    options = parser.parse_args()
    make_deterministic(options.threads)
    model = train(options.kind, options.cache, options.epochs or EPOCHS[options.kind])
    torch.save(model.state_dict(), options.cache / f'{options.kind}.pt')


if __name__ == '__main__':
    main()
