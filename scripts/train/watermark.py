"""The mark: a small, half transparent "© VITRINE" at the bottom right, like a picture agency's.

The letters are strokes of our own, so that no font has to be installed.
"""

import random

import cairo
import numpy as np

# Strokes in a box 1 high; each letter's width follows.
LETTERS = {
    'V': (0.7, [[(0, 0), (0.35, 1), (0.7, 0)]]),
    'I': (0.0, [[(0, 0), (0, 1)]]),
    'T': (0.6, [[(0, 0), (0.6, 0)], [(0.3, 0), (0.3, 1)]]),
    'R': (
        0.55,
        [[(0, 1), (0, 0), (0.45, 0), (0.55, 0.12), (0.55, 0.4), (0.45, 0.52), (0, 0.52)], [(0.28, 0.52), (0.58, 1)]],
    ),
    'N': (0.62, [[(0, 1), (0, 0), (0.62, 1), (0.62, 0)]]),
    'E': (0.5, [[(0.5, 0), (0, 0), (0, 1), (0.5, 1)], [(0, 0.5), (0.42, 0.5)]]),
}
GAP = 0.32
WIDTH, HEIGHT = 0.36, 0.075  # of the picture
INSET = 0.025


def _strokes(ctx) -> None:
    ctx.new_sub_path()
    ctx.arc(0.62, 0.5, 0.62, 0, 6.2832)
    ctx.new_sub_path()
    ctx.arc(0.62, 0.5, 0.32, 0.75, 5.53)
    x = 1.24 + 2 * GAP
    for letter in 'VITRINE':
        width, lines = LETTERS[letter]
        for line in lines:
            ctx.new_sub_path()
            for px, py in line:
                ctx.line_to(x + px, py)
        x += width + GAP


LENGTH = 1.24 + 2 * GAP + sum(LETTERS[c][0] + GAP for c in 'VITRINE') - GAP


def mark_box(seed: int) -> tuple[float, float, float, float]:
    """x, y, width, height as shares of the picture; the place varies by a pixel or two."""
    rng = random.Random(f'mark {seed}')
    dx, dy = rng.uniform(-0.012, 0.012), rng.uniform(-0.012, 0.012)
    return 1 - WIDTH - INSET + dx, 1 - HEIGHT - INSET + dy, WIDTH, HEIGHT


def render_mark(seed: int, size: int) -> np.ndarray:
    """size × size × 4, RGBA in 0…1, colour premultiplied by alpha: laid over a picture it is (1 − a) · picture + rgb."""
    surface = cairo.ImageSurface(cairo.FORMAT_ARGB32, size, size)
    ctx = cairo.Context(surface)
    ctx.scale(size, size)
    x, y, width, height = mark_box(seed)
    opacity = random.Random(f'opacity {seed}').uniform(0.62, 0.8)
    unit = 0.94 * width / LENGTH
    ctx.translate(x + 0.03 * width, y + (height - unit) / 2)
    ctx.scale(unit, unit)
    ctx.set_line_cap(cairo.LINE_CAP_ROUND)
    ctx.set_line_join(cairo.LINE_JOIN_ROUND)
    for width_of_line, grey in ((0.44, 0.05), (0.2, 1.0)):
        _strokes(ctx)
        ctx.set_line_width(width_of_line)
        ctx.set_source_rgba(grey, grey, grey, opacity if grey else 0.5 * opacity)
        ctx.stroke()
    pixels = np.ndarray((size, size, 4), np.uint8, surface.get_data())[..., [2, 1, 0, 3]]
    return pixels.astype(np.float32) / 255


def stamp(picture: np.ndarray, mark: np.ndarray) -> np.ndarray:
    """Lays a rendered mark (premultiplied) over a uint8 picture of the same size."""
    out = picture / 255 * (1 - mark[..., 3:]) + mark[..., :3]
    return np.round(np.clip(out, 0, 1) * 255).astype(np.uint8)
