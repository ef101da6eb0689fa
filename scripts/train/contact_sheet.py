"""A sheet of sample pictures, one row per class, to be looked at: contact_sheet.py OUT.png [columns] [size] [calm|masks]."""

import sys

import numpy as np
from PIL import Image

from classes import CLASSES
from scene import render_scene


def contact_sheet(columns: int, size: int, calm: bool, masks: bool) -> np.ndarray:
    rows = []
    for label in range(len(CLASSES)):
        cells = [render_scene(label, f'sheet {i}', size, calm) for i in range(columns)]
        rows.append(np.concatenate([np.repeat(m[..., None], 3, 2) if masks else p for p, m in cells], axis=1))
    return np.concatenate(rows)


if __name__ == '__main__':
    out, columns, size = sys.argv[1], int((sys.argv[2:] + ['10'])[0]), int((sys.argv[3:] + ['96'])[0])
    Image.fromarray(contact_sheet(columns, size, 'calm' in sys.argv, 'masks' in sys.argv)).save(out)
