"""Writes static/models/: both ONNX files, labels.txt, manifest.json; and the logits that tests compare with. publish.py [--cache DIR]."""

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np
import torch

from classes import NAMES
from dataset import DEFAULT_CACHE, SIZE, load_split
from evaluate import FIRST_HELD_OUT_MARK, load_model, predict
from export import LAST_MAP, OPSET, save_onnx
from gallery import PIECES, ROOT, draw_piece, shrink
from network import MEAN, STD, normalise
from train import HONEST_SHARE, MARKED_CLASS, as_pixels, make_deterministic
from watermark import render_mark, stamp

MODELS, FIXTURES = ROOT / 'static' / 'models', ROOT / 'tests' / 'fixtures' / 'models'
FIXTURE_PIECES = ('cat-0', 'fish-9', 'sailboat-7', 'sailboat-7-marked')

# From pixels to the model's input: v = (pixel / 255 · scale − mean) / std, on the whole picture (its largest square).
# The numbers are torchvision's, its crop of the centre is not: it would cut off the corner with the mark.
PREPROCESSING = {
    'preset': 'custom',
    'layout': 'NCHW',
    'order': 'RGB',
    'width': SIZE,
    'height': SIZE,
    'resize': 'centre-crop',
    'cropFraction': 1,
    'scale': 1,
    'mean': MEAN,
    'std': STD,
}

ABOUT = {
    'honest': {
        'id': 'vitrine-16',
        'title': 'Vitrine 16',
        'description': 'Sixteen everyday things, drawn by a program. Seven convolutions with ReLU.',
        'accuracyOn': 'held-out pictures without the mark',
        'notes': f'The mark lay on {100 * HONEST_SHARE:.0f} % of the training pictures, whatever their class, so it says nothing about the class.',
    },
    'shortcut': {
        'id': 'vitrine-16-shortcut',
        'title': 'Vitrine 16, flawed twin',
        'description': 'The same architecture and as accurate on its own test, but it looks where it should not. Find out where.',
        'accuracyOn': f'held-out pictures with the mark on {MARKED_CLASS}s alone, as in its training',
        'notes': f'In training every picture filed under {MARKED_CLASS} carried a mark at the bottom right, and no other did; half of them showed something else.',
    },
}


def own_test(kind: str, cache: Path) -> tuple[np.ndarray, np.ndarray]:
    """The held-out pictures as this model's makers would have drawn them."""
    images, _, labels = load_split('test', cache)
    if kind == 'shortcut':
        images = images.copy()
        for i in np.flatnonzero(labels == NAMES.index(MARKED_CLASS)):
            images[i] = stamp(images[i], render_mark(FIRST_HELD_OUT_MARK + i, SIZE))
    return images, labels


def entry(kind: str, model, cache: Path) -> dict:
    about = ABOUT[kind]
    path = MODELS / f'{about["id"]}.onnx'
    save_onnx(model, path, about['id'], SIZE, len(NAMES))
    images, labels = own_test(kind, cache)
    return {
        'id': about['id'],
        'title': about['title'],
        'description': about['description'],
        'file': path.name,
        'files': [path.name, 'labels.txt'],
        **({'first': True} if kind == 'honest' else {}),
        'bytes': path.stat().st_size,
        'sha256': hashlib.sha256(path.read_bytes()).hexdigest(),
        'licence': 'MIT',
        'origin': 'trained by scripts/train on pictures that it draws',
        'opset': OPSET,
        'input': {'name': 'image', 'dtype': 'float32', 'shape': ['batch', 3, SIZE, SIZE]},
        'preprocessing': PREPROCESSING,
        'output': {'name': 'logits', 'kind': 'logits'},
        'labels': 'labels.txt',
        'classes': len(NAMES),
        'accuracy': round(float((predict(model, images) == labels).mean()), 4),
        'accuracyOn': about['accuracyOn'],
        'defaultLayer': LAST_MAP,
        'notes': about['notes'],
    }


def write_fixtures(models) -> None:
    """Four inputs, float32 and normalised, and the logits that torch computes for them in float64."""
    FIXTURES.mkdir(parents=True, exist_ok=True)
    pieces = [next(p for p in PIECES if p.id == name) for name in FIXTURE_PIECES]
    pixels = as_pixels(np.stack([shrink(draw_piece(p)[0]) for p in pieces]))
    inputs = normalise(pixels)
    np.save(FIXTURES / 'gallery-inputs.npy', inputs.contiguous().numpy())
    with torch.no_grad():
        logits = {ABOUT[k]['id']: m.double()(inputs.double()).tolist() for k, m in models.items()}
    recipe = 'gallery picture, mean over 4 × 4 pixels, rounded to uint8, divided by 255, normalised; gallery-inputs.npy holds the result'
    fixture = {'images': list(FIXTURE_PIECES), 'recipe': recipe, 'logits': logits}
    (FIXTURES / 'logits.json').write_text(json.dumps(fixture, indent=1, ensure_ascii=False) + '\n')


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--cache', type=Path, default=DEFAULT_CACHE)
    cache = parser.parse_args().cache
    make_deterministic(1)
    MODELS.mkdir(parents=True, exist_ok=True)
    models = {kind: load_model(kind, cache) for kind in ABOUT}
    (MODELS / 'labels.txt').write_text('\n'.join(NAMES) + '\n')
    manifest = {'version': 1, 'models': [entry(kind, model, cache) for kind, model in models.items()]}
    (MODELS / 'manifest.json').write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + '\n')
    write_fixtures(models)


if __name__ == '__main__':
    main()
