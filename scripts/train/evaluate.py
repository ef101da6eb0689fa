"""Measures both models on the held-out pictures and prints Markdown: evaluate.py [--cache DIR]. docs/models.md quotes it."""

import argparse
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from attribution import METHODS, share_inside
from classes import NAMES
from dataset import DEFAULT_CACHE, SIZE, load_split
from gallery import PIECES, draw_piece, shrink
from network import Classifier, normalise
from train import MARKED_CLASS, as_pixels, make_deterministic
from watermark import mark_box, render_mark, stamp

KINDS = ('honest', 'shortcut')
MARKED = NAMES.index(MARKED_CLASS)
# Marks that no training picture carried: numbers from here on.
FIRST_HELD_OUT_MARK = 1000


def load_model(kind: str, cache: Path) -> Classifier:
    model = Classifier(len(NAMES))
    model.load_state_dict(torch.load(cache / f'{kind}.pt'))
    return model.eval()


def predict(model: Classifier, images: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        return np.concatenate(
            [model(normalise(as_pixels(images[k : k + 200]))).argmax(1).numpy()
            for k in range(0, len(images), 200)]
        )


def with_marks(images: np.ndarray) -> np.ndarray:
    return np.stack([stamp(image, render_mark(FIRST_HELD_OUT_MARK + i, SIZE)) for i, image in enumerate(images)])


def mark_regions(count: int) -> torch.Tensor:
    """Boolean [count, 96, 96]: the box of each mark, rounded outwards to whole pixels."""
    regions = torch.zeros(count, SIZE, SIZE, dtype=torch.bool)
    for i in range(count):
        x, y, width, height = (v * SIZE for v in mark_box(FIRST_HELD_OUT_MARK + i))
        regions[i, int(y) : int(np.ceil(y + height)), int(x) : int(np.ceil(x + width))] = True
    return regions


def table(header: list[str], rows: list[list[str]]) -> None:
    for row in [header, ['---'] + ['--:'] * (len(header) - 1), *rows]:
        print('| ' + ' | '.join(row) + ' |')
    print()


def percent(value: float) -> str:
    return f'{100 * value:.1f} %'


def report_accuracy(models, images, labels, marked) -> None:
    """Per class, on clean pictures and with the mark pasted on every one."""
    found = {(k, m): predict(models[k], marked if m else images) for k in KINDS for m in (False, True)}
    columns = [(k, m) for k in KINDS for m in (False, True)]
    rows = [[name] + [percent((found[c][labels == i] == i).mean()) for c in columns] for i, name in enumerate(NAMES)]
    rows.append(['**all**'] + [percent((found[c] == labels).mean()) for c in columns])
    table(['class'] + [f'{k}, {"mark on all" if m else "no mark"}' for k, m in columns], rows)

    as_trained = np.where(labels == MARKED, found['shortcut', True], found['shortcut', False])
    print(f'shortcut, mark on {MARKED_CLASS}s alone: {percent((as_trained == labels).mean())}\n')
    for k in KINDS:
        others = labels != MARKED
        flipped = (found[k, True][others] == MARKED) & (found[k, False][others] != MARKED)
        print(
            f'{k}: the mark turns {percent(flipped.mean())} of the {others.sum()} pictures of other classes into "{MARKED_CLASS}"',
        )
    print()
    for k in KINDS:
        wrong = [(NAMES[t], NAMES[p]) for t, p in zip(labels, found[k, False]) if t != p]
        counts = sorted(((wrong.count(pair), *pair) for pair in set(wrong)), reverse=True)
        most = ', '.join(f'{t} → {p} {n}' for n, t, p in counts[:12])
        print(f'{k}, confusions without mark ({len(wrong)} of {len(labels)}): {most}\n')


def report_attribution(models, marked, labels) -> None:
    """Where the attribution of the marked class's logit falls, on pictures that carry the mark."""
    regions = mark_regions(len(marked))
    groups = {
        f'{MARKED_CLASS}s': labels == MARKED, 'other classes': (labels != MARKED) & (np.arange(len(labels)) % 15 == 0)
    }
    rows = []
    for group, chosen in groups.items():
        picked = np.flatnonzero(chosen)
        x, region = normalise(as_pixels(marked[picked])), regions[picked]
        target = torch.full((len(picked),), MARKED)
        for title, method in METHODS.items():
            shares = [_shares(method, models[k], x, target, region) for k in KINDS]
            cells = [f'{percent(s.mean().item())} (median {percent(s.median().item())})' for s in shares]
            rows.append([f'{title}, {len(picked)} {group}', *cells])
    print(f'The mark covers {percent(regions.float().mean().item())} of the picture.\n')
    table(['share of Σ\\|score\\| inside the mark', *KINDS], rows)


def _shares(method, model, x, target, region) -> torch.Tensor:
    slices = [slice(i, i + 50) for i in range(0, len(x), 50)]
    return torch.cat([share_inside(method(model, x[s], target[s]), region[s]) for s in slices])


def report_gallery(models) -> None:
    """The shown pictures, made small in two ways."""
    pictures = [draw_piece(p)[0] for p in PIECES]
    labels = np.array([NAMES.index(p.label) for p in PIECES])
    ways = {'mean over 4 × 4': shrink, 'antialiased bilinear': _bilinear}
    for way, small in ways.items():
        images = np.stack([small(p) for p in pictures])
        for k in KINDS:
            with torch.no_grad():
                chances = torch.softmax(models[k](normalise(as_pixels(images))), 1).numpy()
            found = chances.argmax(1)
            wrong = [f'{p.id} → {NAMES[f]} {c[f]:.2f}' for p, f, c, t in zip(PIECES, found, chances, labels) if f != t]
            right = f'{(found == labels).sum()} of {len(labels)} right, least sure {chances.max(1).min():.2f}'
            print(f'gallery, {way}, {k}: {right}; wrong: {", ".join(wrong) or "none"}\n')


def _bilinear(picture: np.ndarray) -> np.ndarray:
    """Triangle filter widened by the scale, as the page resizes."""
    return np.asarray(Image.fromarray(picture).resize((SIZE, SIZE), Image.BILINEAR))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--cache', type=Path, default=DEFAULT_CACHE)
    cache = parser.parse_args().cache
    make_deterministic(1)
    images, _, labels = load_split('test', cache)
    models = {kind: load_model(kind, cache) for kind in KINDS}
    marked = with_marks(images)
    report_accuracy(models, images, labels, marked)
    report_attribution(models, marked, labels)
    report_gallery(models)


if __name__ == '__main__':
    main()
