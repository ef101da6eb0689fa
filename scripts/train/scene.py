"""One picture from one seed: background, clutter, soft shadow, object, light and grain; and the object's mask."""

import math
import random

import cairo
import numpy as np

from backdrop import noise_field, paint_background, paint_clutter
from classes import CLASSES
from pen import Pen


class Layer:
    """A transparent cairo surface over the unit square."""

    def __init__(self, size: int):
        self.size = size
        self.surface = cairo.ImageSurface(cairo.FORMAT_ARGB32, size, size)
        self.ctx = cairo.Context(self.surface)
        self.ctx.scale(size, size)
        self.ctx.set_line_cap(cairo.LINE_CAP_ROUND)
        self.ctx.set_line_join(cairo.LINE_JOIN_ROUND)

    def premultiplied(self) -> np.ndarray:
        """size × size × 4, RGBA in 0…1, colour already multiplied by alpha."""
        self.surface.flush()
        bgra = np.ndarray((self.size, self.size, 4), np.uint8, self.surface.get_data())
        return bgra[..., [2, 1, 0, 3]].astype(np.float32) / 255


def render_scene(label: int, seed: str, size: int, calm=False) -> tuple[np.ndarray, np.ndarray]:
    """Returns (RGB uint8 [size, size, 3], mask uint8 [size, size], 255 on the object).

    Everything random comes from `seed` in units of the picture, so the same seed at another size is the same scene.
    `calm` keeps the object large and the clutter low, for pictures that are meant to be shown.
    """
    rng = random.Random(f'{CLASSES[label].name} {seed}')
    main = CLASSES[label].colour(rng)
    picture = _back(rng, main, size, calm)
    thing = _object(rng, label, main, size, calm)
    picture = _shade(rng, picture, thing[..., 3])
    picture = picture * (1 - thing[..., 3:]) + thing[..., :3]
    mask = thing[..., 3]
    if rng.random() < (0.1 if calm else 0.3):
        front = Layer(size)
        paint_clutter(front.ctx, rng, main, rng.randrange(1, 4), 0.6)
        over = front.premultiplied()
        picture = picture * (1 - over[..., 3:]) + over[..., :3]
        mask = mask * (1 - over[..., 3])
    picture = _light(rng, picture, calm)
    return _bytes(picture), np.where(mask > 0.5, 255, 0).astype(np.uint8)


def _back(rng, main, size: int, calm: bool) -> np.ndarray:
    layer = Layer(size)
    paint_background(layer.ctx, rng, main)
    paint_clutter(layer.ctx, rng, main, rng.randrange(0, 4) if calm else rng.choice([0, 2, 4, 6, 8]))
    picture = layer.premultiplied()[..., :3]
    if rng.random() < 0.45:
        field = noise_field(rng, size, rng.choice([3, 5, 9, 16]), 3)
        picture = picture + (rng.uniform(0.04, 0.2) * field)[..., None] * _tint(rng)
    return picture


def _tint(rng) -> np.ndarray:
    return np.array([rng.uniform(0.4, 1) for _ in range(3)], np.float32)


def _object(rng, label: int, main, size: int, calm: bool) -> np.ndarray:
    layer = Layer(size)
    kind = CLASSES[label]
    scale = rng.uniform(0.36, 0.43) if calm else rng.uniform(0.22, 0.45)
    room = max(0.0, 0.5 - (1.12 if calm else 0.92) * scale)
    layer.ctx.translate(0.5 + rng.uniform(-room, room), 0.5 + rng.uniform(-room, room))
    lean = math.radians(kind.lean * (0.5 if calm else 1))
    layer.ctx.rotate(rng.triangular(-lean, lean, 0) if kind.lean < 90 else rng.uniform(-lean, lean))
    stretch = rng.uniform(0.88, 1.12)
    layer.ctx.scale(scale * stretch * rng.choice([-1, 1]), scale / stretch)
    kind.draw(Pen(layer.ctx, rng), main, rng)
    return layer.premultiplied()


def _shade(rng, picture: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """A soft shadow, shifted away from the light; it is not part of the mask."""
    size = alpha.shape[0]
    strength = rng.uniform(0.0, 0.45)
    dx, dy = rng.uniform(-0.03, 0.03), rng.uniform(0.01, 0.045)
    blurred = alpha
    for radius in (0.012, 0.02):
        blurred = _box_blur(blurred, max(1, round(radius * size)))
    shadow = _moved(blurred, round(dy * size), round(dx * size))
    return picture * (1 - strength * shadow)[..., None]


def _moved(image: np.ndarray, down: int, right: int) -> np.ndarray:
    reach = max(abs(down), abs(right), 1)
    padded = np.pad(image, reach)
    size = image.shape[0]
    return padded[reach - down : reach - down + size, reach - right : reach - right + size]


def _box_blur(image: np.ndarray, radius: int) -> np.ndarray:
    width = 2 * radius + 1
    for axis in (0, 1):
        padding = [(radius + 1, radius) if a == axis else (0, 0) for a in (0, 1)]
        sums = np.cumsum(np.pad(image, padding), axis=axis)
        last, first = np.arange(width, sums.shape[axis]), np.arange(sums.shape[axis] - width)
        image = (sums.take(last, axis) - sums.take(first, axis)) / width
    return image


def _light(rng, picture: np.ndarray, calm: bool) -> np.ndarray:
    """Exposure, contrast, colour of the light, vignette, grain."""
    size = picture.shape[0]
    reach = 0.4 if calm else 1.0
    gain = 1 + reach * rng.uniform(-0.18, 0.14)
    contrast = 1 + reach * rng.uniform(-0.2, 0.15)
    colour = 1 + reach * np.array([rng.uniform(-0.07, 0.07) for _ in range(3)], np.float32)
    picture = ((picture - 0.5) * contrast + 0.5) * gain * colour
    at = (np.arange(size) + 0.5) / size - 0.5
    vignette = rng.uniform(0, 0.45)
    picture = picture * (1 - vignette * (at[:, None] ** 2 + at[None, :] ** 2))[..., None]
    if calm:
        return picture
    grain = np.random.default_rng(rng.getrandbits(32)).standard_normal(picture.shape)
    return picture + rng.uniform(0, 0.035) * grain


def _bytes(picture: np.ndarray) -> np.ndarray:
    return np.round(np.clip(picture, 0, 1) * 255).astype(np.uint8)
