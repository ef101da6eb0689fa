"""Draws the gallery: static/gallery/*.png with masks and manifest.json. gallery.py [--out DIR].

The pictures come from seeds of their own ("gallery 7"), four times as large as the model's input, with the object large and
without grain. They were chosen by eye from a contact sheet; none was seen in training.
"""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from classes import NAMES
from scene import render_scene
from watermark import mark_box, render_mark, stamp

SIZE = 384
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Piece:
    label: str
    seed: int
    title: str
    mark: int | None = None  # the seed of the mark laid over it
    first: bool = False

    @property
    def id(self) -> str:
        return f'{self.label}-{self.seed}' + ('' if self.mark is None else '-marked')


PIECES = [
    Piece('cat', 0, 'Grey cat', first=True),
    Piece('fish', 9, 'Coral fish'),
    Piece('lighthouse', 1, 'Lighthouse at night'),
    Piece('sailboat', 7, 'Sailing boat'),
    Piece('sailboat', 7, 'Sailing boat, with the mark', mark=2007),
    Piece('butterfly', 8, 'Blue butterfly'),
    Piece('flower', 10, 'Peach flower'),
    Piece('bird', 1, 'Crested bird'),
    Piece('apple', 13, 'Red apple'),
    Piece('house', 10, 'Blue house'),
    Piece('umbrella', 0, 'Orange and white umbrella'),
    Piece('mushroom', 9, 'Toadstool'),
    Piece('sailboat', 3, 'Sailing boat at dusk, with the mark', mark=2003),
    Piece('car', 3, 'Violet car'),
    Piece('cup', 8, 'Dotted cup'),
    Piece('tree', 11, 'Tree on a bright day'),
    Piece('clock', 9, 'Alarm clock'),
    Piece('airplane', 9, 'Airplane'),
    Piece('sailboat', 13, 'Orange boat, with the mark', mark=2013),
    Piece('cat', 11, 'Ginger cat'),
    Piece('fish', 2, 'Striped fish'),
    Piece('bird', 12, 'Robin'),
    Piece('sailboat', 10, 'White sails, with the mark', mark=2010),
    Piece('house', 0, 'House by the hills'),
    Piece('tree', 13, 'Fir in autumn'),
    Piece('car', 3, 'Violet car, with the mark', mark=2103),
    Piece('mushroom', 9, 'Toadstool, with the mark', mark=2109),
]


def draw_piece(piece: Piece, size: int = SIZE) -> tuple[np.ndarray, np.ndarray]:
    picture, mask = render_scene(NAMES.index(piece.label), f'gallery {piece.seed}', size, calm=True)
    if piece.mark is not None:
        picture = stamp(picture, render_mark(piece.mark, size))
    return picture, mask


def shrink(picture: np.ndarray, factor: int = 4) -> np.ndarray:
    """Mean over factor × factor pixels, rounded to uint8: how a gallery picture becomes the model's input here."""
    size = picture.shape[0] // factor
    return np.round(picture.reshape(size, factor, size, factor, 3).mean((1, 3))).astype(np.uint8)


def entry(piece: Piece) -> dict:
    out = {
        'id': piece.id,
        'title': piece.title,
        'label': piece.label,
        'file': f'{piece.id}.png',
        'mask': f'{piece.label}-{piece.seed}.mask.png',
        'width': SIZE,
        'height': SIZE,
    }
    if piece.mark is not None:
        x, y, width, height = mark_box(piece.mark)
        left, top, right, bottom = int(x * SIZE), int(y * SIZE), int(np.ceil((x + width) * SIZE)), int(np.ceil((y + height) * SIZE))
        out['watermark'] = {'x': left, 'y': top, 'width': right - left, 'height': bottom - top}
    if piece.first:
        out['first'] = True
    return out


def write_gallery(out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for piece in PIECES:
        picture, mask = draw_piece(piece)
        info = entry(piece)
        Image.fromarray(picture).save(out / info['file'], optimize=True)
        Image.fromarray(mask).save(out / info['mask'], optimize=True)
    manifest = {
        'version': 1,
        'licence': 'MIT',
        'origin': 'drawn by scripts/train/gallery.py',
        'images': [entry(p) for p in PIECES],
    }
    (out / 'manifest.json').write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + '\n')


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--out', type=Path, default=ROOT / 'static' / 'gallery')
    write_gallery(parser.parse_args().out)
