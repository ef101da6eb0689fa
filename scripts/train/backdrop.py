"""What stands behind the object: gradients, noise, stripes, blotches, hills, tiles; and clutter that is no class at all."""

import math

import cairo
import numpy as np

from colour import Colour
from pen import TAU


def background_colour(rng, main: Colour) -> Colour:
    """A quiet colour that is clearly not the object's."""
    while True:
        # Dark browns and olives look like mud: the dark backgrounds are blue, violet or green.
        bright, hues = rng.choice(
            [((0.8, 0.95), (0, 360)), ((0.8, 0.95), (0, 360)), ((0.55, 0.75), (0, 360)), ((0.27, 0.44), (160, 340))]
        )
        colour = Colour(rng.uniform(*bright), rng.uniform(0.01, 0.1), rng.uniform(*hues))
        if colour.distance(main) > 0.2:
            return colour


def _gradient(ctx, rng, base: Colour, other: Colour) -> None:
    angle = rng.uniform(0, TAU)
    dx, dy = 0.7 * math.cos(angle), 0.7 * math.sin(angle)
    _paint(ctx, cairo.LinearGradient(0.5 - dx, 0.5 - dy, 0.5 + dx, 0.5 + dy), base, other)


def _spotlight(ctx, rng, base: Colour, other: Colour) -> None:
    x, y = rng.uniform(0.3, 0.7), rng.uniform(0.2, 0.6)
    _paint(ctx, cairo.RadialGradient(x, y, 0.05, x, y, rng.uniform(0.7, 1.0)), base.lighter(0.05), other.darker(0.05))


def _paint(ctx, gradient, first: Colour, last: Colour) -> None:
    gradient.add_color_stop_rgb(0, *first.rgb)
    gradient.add_color_stop_rgb(1, *last.rgb)
    ctx.set_source(gradient)
    ctx.paint()


def _stripes(ctx, rng, base: Colour, other: Colour) -> None:
    _gradient(ctx, rng, base, base.darker(0.05))
    ctx.save()
    ctx.translate(0.5, 0.5)
    ctx.rotate(rng.uniform(0, math.pi))
    period, share = rng.uniform(0.06, 0.22), rng.uniform(0.3, 0.6)
    for i in range(-14, 15):
        ctx.rectangle(i * period, -1, share * period, 2)
    ctx.restore()
    ctx.set_source_rgba(*other.rgb, rng.uniform(0.4, 0.9))
    ctx.fill()


def _blotches(ctx, rng, base: Colour, other: Colour) -> None:
    """Lights out of focus."""
    _gradient(ctx, rng, base, base.darker(0.08))
    for _ in range(rng.randrange(12, 34)):
        x, y, r = rng.uniform(-0.1, 1.1), rng.uniform(-0.1, 1.1), rng.uniform(0.05, 0.24)
        colour = rng.choice([other, base.lighter(0.1), base.turned(30)])
        soft = cairo.RadialGradient(x, y, 0.5 * r, x, y, r)
        soft.add_color_stop_rgba(0, *colour.rgb, rng.uniform(0.15, 0.5))
        soft.add_color_stop_rgba(1, *colour.rgb, 0)
        ctx.set_source(soft)
        ctx.paint()


def _hills(ctx, rng, base: Colour, other: Colour) -> None:
    _paint(ctx, cairo.LinearGradient(0, 0, 0, 0.8), base, base.lighter(0.08))
    layers = rng.randrange(2, 5)
    for i in range(layers):
        y = 0.5 + 0.42 * i / layers + rng.uniform(-0.04, 0.04)
        amplitude, waves, phase = rng.uniform(0.02, 0.08), rng.uniform(0.5, 1.6), rng.uniform(0, TAU)
        ctx.move_to(0, 1)
        for k in range(25):
            ctx.line_to(k / 24, y + amplitude * math.sin(phase + TAU * waves * k / 24))
        ctx.line_to(1, 1)
        ctx.set_source_rgb(*other.darker(0.05 * i).rgb)
        ctx.fill()


def _tiles(ctx, rng, base: Colour, other: Colour) -> None:
    _gradient(ctx, rng, base, base.darker(0.05))
    count = rng.randrange(4, 10)
    for row in range(count + 1):
        for column in range(row % 2, count + 1, 2):
            ctx.rectangle(column / count, row / count, 1 / count, 1 / count)
    ctx.set_source_rgba(*other.rgb, rng.uniform(0.25, 0.6))
    ctx.fill()


def _plain(ctx, rng, base: Colour, other: Colour) -> None:
    _gradient(ctx, rng, base, base.lighter(rng.uniform(-0.06, 0.06)))


PAINTERS = [_gradient, _spotlight, _stripes, _blotches, _blotches, _hills, _tiles, _plain]


def paint_background(ctx, rng, main: Colour) -> None:
    """Fills the unit square."""
    base = background_colour(rng, main)
    while True:
        other = Colour(
            base.lightness + rng.uniform(-0.16, 0.16),
            base.chroma * rng.uniform(0.6, 1.5),
            base.hue + rng.uniform(-80, 80),
        )
        if other.distance(main) > 0.16:
            break
    rng.choice(PAINTERS)(ctx, rng, base, other)


def noise_field(rng, size: int, cells: int, octaves: int) -> np.ndarray:
    """Value noise in −1…1 on size × size points: random values on a grid, smoothly interpolated, octaves summed."""
    total = np.zeros((size, size))
    for octave in range(octaves):
        count = cells * 2**octave
        grid = np.random.default_rng(rng.getrandbits(32)).uniform(-1, 1, (count + 1, count + 1))
        at = (np.arange(size) + 0.5) / size * count
        low = np.floor(at).astype(int)
        t = at - low
        t = t * t * (3 - 2 * t)
        rows = grid[low] * (1 - t)[:, None] + grid[low + 1] * t[:, None]
        total += 0.5**octave * (rows[:, low] * (1 - t) + rows[:, low + 1] * t)
    return total / (2 - 0.5 ** (octaves - 1))


def paint_clutter(ctx, rng, main: Colour, count: int, scale=1.0) -> None:
    """Shapes and strokes that belong to no class, scattered over the unit square."""
    for _ in range(count):
        colour = Colour(rng.uniform(0.3, 0.92), rng.uniform(0.03, 0.17), rng.uniform(0, 360))
        if colour.distance(main) < 0.12:
            colour = colour.turned(120)
        ctx.save()
        ctx.translate(rng.uniform(0, 1), rng.uniform(0, 1))
        ctx.rotate(rng.uniform(0, TAU))
        size = scale * rng.uniform(0.03, 0.13)
        ctx.scale(size, size)
        ctx.new_path()
        filled = rng.choice(SHAPES)(ctx, rng)
        ctx.set_source_rgba(*colour.rgb, rng.uniform(0.5, 0.95))
        if filled:
            ctx.fill()
        else:
            ctx.set_line_width(rng.uniform(0.15, 0.4))
            ctx.stroke()
        ctx.restore()


def _disc(ctx, rng) -> bool:
    ctx.arc(0, 0, 0.8, 0, TAU)
    return rng.random() < 0.6


def _arc(ctx, rng) -> bool:
    ctx.arc(0, 0, 1, 0, rng.uniform(1.5, 4.5))
    return False


def _polygon(ctx, rng) -> bool:
    corners = rng.randrange(3, 7)
    for i in range(corners):
        radius = rng.uniform(0.6, 1.1)
        ctx.line_to(radius * math.cos(TAU * i / corners), radius * math.sin(TAU * i / corners))
    ctx.close_path()
    return rng.random() < 0.7


def _bar(ctx, rng) -> bool:
    length = rng.uniform(0.8, 2.2)
    ctx.rectangle(-length, -0.2, 2 * length, 0.4)
    return True


def _squiggle(ctx, rng) -> bool:
    waves = rng.uniform(1, 2.5)
    for k in range(33):
        ctx.line_to(-1.5 + 3 * k / 32, 0.5 * math.sin(TAU * waves * k / 32))
    return False


def _cross(ctx, rng) -> bool:
    ctx.rectangle(-1, -0.25, 2, 0.5)
    ctx.rectangle(-0.25, -1, 0.5, 2)
    return True


def _blob(ctx, rng) -> bool:
    phase, lobes = rng.uniform(0, TAU), rng.randrange(2, 5)
    for k in range(48):
        angle = TAU * k / 48
        radius = 0.8 + 0.25 * math.sin(phase + lobes * angle)
        ctx.line_to(radius * math.cos(angle), radius * math.sin(angle))
    return True


SHAPES = [_disc, _arc, _polygon, _bar, _squiggle, _cross, _blob]
