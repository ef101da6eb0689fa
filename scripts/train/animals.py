"""Fish, cat, bird, butterfly."""

import math

from colour import BLACK, WHITE, Colour, near
from pen import Pen, dots, random_texture, stripes


def eye(pen: Pen, x, y, r, iris: Colour | None = None) -> None:
    pen.ellipse(x, y, r).flat(WHITE)
    if iris is not None:
        pen.ellipse(x, y, 0.82 * r).flat(iris)
    pen.ellipse(x + 0.1 * r, y + 0.05 * r, 0.52 * r).flat(BLACK)
    pen.ellipse(x - 0.15 * r, y - 0.22 * r, 0.2 * r).flat(WHITE)


def fish(pen: Pen, main: Colour, rng) -> None:
    depth = rng.uniform(0.4, 0.62)
    fin = main.turned(rng.choice([-40, 0, 35])).darker(rng.uniform(0.02, 0.12))
    spread = rng.uniform(0.38, 0.55)

    pen.curve(
        (0.4, 0.0),
        (0.6, -0.1, 0.8, -spread, 0.98, -spread),
        (0.86, -0.2, 0.86, 0.2, 0.98, spread),
        (0.8, spread, 0.6, 0.1, 0.4, 0.0),
    ).body(fin)
    pen.curve(
        (-0.3, -0.6 * depth),
        (-0.15, -1.55 * depth, 0.25, -1.5 * depth, 0.42, -0.95 * depth),
        (0.25, -0.5 * depth),
        (-0.3, -0.3 * depth),
    ).body(fin)
    pen.curve(
        (-0.1, 0.6 * depth), (0.0, 1.2 * depth, 0.2, 1.25 * depth, 0.28, 1.0 * depth), (0.2, 0.4 * depth)
    ).body(fin)

    body = (
        (-0.95, 0.03),
        (-0.7, -1.05 * depth, 0.05, -1.25 * depth, 0.56, -0.08),
        (0.56, 0.08),
        (0.05, 1.25 * depth, -0.7, 1.05 * depth, -0.95, 0.03),
    )
    pen.curve(*body).body(main, _fish_pattern(main, rng))
    pen.curve(
        (-0.36, -0.45 * depth), (-0.24, -0.2 * depth, -0.24, 0.3 * depth, -0.38, 0.55 * depth), close=False
    ).stroke(main.darker(0.2), 0.04, 0.8)
    pen.curve((-0.14, 0.12), (0.0, 0.0, 0.18, 0.1, 0.24, 0.22), (0.1, 0.3, -0.06, 0.26, -0.14, 0.12)).body(fin)
    pen.curve((-0.88, 0.12), (-0.82, 0.16, -0.76, 0.16, -0.7, 0.11), close=False).stroke(main.darker(0.28), 0.035)
    eye(pen, -0.6, -0.12, rng.uniform(0.095, 0.125))


def _fish_pattern(main: Colour, rng):
    kind = rng.randrange(4)
    ink = rng.choice([WHITE, main.turned(60).lighter(0.1), main.darker(0.18)])
    if kind == 0:
        return stripes(ink, rng.uniform(0.3, 0.42), rng.uniform(-0.15, 0.15), 0.92, rng.uniform(0.28, 0.45))
    if kind == 1:
        return stripes(ink, rng.uniform(0.16, 0.24), math.pi / 2, 0.8, 0.35)
    if kind == 2:
        return dots(ink, rng.uniform(0.16, 0.22), 0.7, 0.3)
    return None


FURS = [
    (0.7, 0.13, 60),
    (0.62, 0.01, 260),
    (0.33, 0.015, 280),
    (0.5, 0.06, 55),
    (0.86, 0.04, 80),
    (0.93, 0.01, 90),
    (0.56, 0.03, 240),
]


def cat_colour(rng) -> Colour:
    lightness, chroma, hue = rng.choice(FURS)
    return Colour(lightness + rng.uniform(-0.05, 0.05), chroma * rng.uniform(0.7, 1.3), hue + rng.uniform(-10, 10))


def cat(pen: Pen, main: Colour, rng) -> None:
    wide, tall, tip = rng.uniform(0.74, 0.84), rng.uniform(0.58, 0.68), rng.uniform(0.9, 1.02)
    pink = Colour(0.75, 0.1, 15)
    dark = main.darker(0.2) if main.lightness > 0.5 else main.lighter(0.18)

    def ear() -> None:
        pen.curve((0.1, -0.3), (0.3, -0.55, 0.48, -0.8, 0.62, -tip), (0.72, -0.9, 0.82, -0.4, 0.74, 0.05)).body(main)
        pen.polygon([(0.32, -0.38), (0.58, -0.78), (0.66, -0.2)]).flat(pink, 0.8)

    pen.mirrored(ear)
    pen.ellipse(0, 0.16, wide, tall).body(main)
    if rng.random() < 0.55:
        _tabby(pen, dark, wide)
    if rng.random() < 0.5 and main.lightness < 0.85:
        pen.mirrored(lambda: pen.ellipse(0.14, 0.44, 0.22, 0.18).flat(WHITE, 0.9))
    _cat_eyes(pen, rng)

    nose = rng.choice([pink.darker(0.08), BLACK])
    pen.curve(
        (-0.09, 0.26),
        (-0.05, 0.23, 0.05, 0.23, 0.09, 0.26),
        (0.06, 0.33, 0.03, 0.36, 0, 0.36),
        (-0.03, 0.36, -0.06, 0.33, -0.09, 0.26),
    ).flat(nose)
    ink = BLACK if main.lightness > 0.45 else WHITE
    pen.mirrored(lambda: pen.curve((0, 0.35), (0.0, 0.5, 0.17, 0.52, 0.22, 0.43), close=False).stroke(ink, 0.035, 0.85))
    for dy in (-0.06, 0.04, 0.14):
        pen.mirrored(lambda: pen.line([(0.34, 0.36 + 0.5 * dy), (0.95, 0.34 + 1.6 * dy)], ink, 0.022, 0.8))


def _tabby(pen: Pen, dark: Colour, wide: float) -> None:
    for x, length in ((-0.16, 0.22), (0, 0.3), (0.16, 0.22)):
        pen.polygon(
            [(x - 0.05, -0.46 + 0.2 * abs(x)), (x + 0.05, -0.46 + 0.2 * abs(x)), (x * 0.9, -0.46 + length)]
        ).flat(dark, 0.85)
    for y in (0.1, 0.26):
        pen.mirrored(
            lambda: pen.polygon(
                [(wide * 0.99, y - 0.05), (wide * 0.98, y + 0.06), (wide - 0.24, y + 0.02)]
            ).flat(dark, 0.85),
        )


def _cat_eyes(pen: Pen, rng) -> None:
    iris = rng.choice([Colour(0.78, 0.16, 125), Colour(0.82, 0.15, 90), Colour(0.72, 0.12, 230), Colour(0.7, 0.14, 60)])
    tall, slit = rng.uniform(0.15, 0.19), rng.uniform(0.04, 0.09)

    def one() -> None:
        pen.ellipse(0.33, 0.08, 0.17, tall, 0.15).body(iris)
        pen.ellipse(0.33, 0.08, slit, tall * 0.92).flat(BLACK)
        pen.ellipse(0.29, 0.02, 0.035).flat(WHITE)

    pen.mirrored(one)


def bird(pen: Pen, main: Colour, rng) -> None:
    belly = rng.choice([main.lighter(0.2).paler(0.6), Colour(0.9, 0.06, 80), Colour(0.72, 0.15, 50)])
    wing = main.darker(rng.uniform(0.1, 0.2)).turned(rng.uniform(-25, 25))
    beak = near(rng, 65, 12, (0.7, 0.8), (0.14, 0.17))
    leg = beak.darker(0.2)

    for x in (-0.05, 0.14):
        pen.line([(x, 0.5), (x - 0.02, 0.9)], leg, 0.045)
        pen.line([(x - 0.15, 0.92), (x - 0.02, 0.88), (x + 0.12, 0.92)], leg, 0.04)
    lift = rng.uniform(-0.25, 0.15)
    pen.polygon([(0.4, -0.02), (0.98, lift - 0.1), (0.94, lift + 0.06), (1.0, lift + 0.16), (0.45, 0.36)]).body(wing)
    pen.polygon([(-0.78, -0.5), (-1.04, -0.38), (-0.78, -0.28)]).body(beak)
    # One closed curve from the beak over head and back to the tail and along the belly.
    pen.curve(
        (-0.84, -0.4),
        (-0.84, -0.82, -0.34, -0.9, -0.2, -0.52),
        (-0.06, -0.28, 0.4, -0.3, 0.62, 0.02),
        (0.5, 0.5, 0.1, 0.66, -0.16, 0.62),
        (-0.62, 0.54, -0.74, 0.12, -0.78, -0.16),
        (-0.82, -0.24, -0.84, -0.32, -0.84, -0.4),
    ).body(main)
    pen.curve((-0.72, -0.05), (-0.45, 0.0, -0.2, 0.3, -0.1, 0.6), (-0.58, 0.58, -0.72, 0.2, -0.72, -0.05)).flat(belly)
    texture = random_texture(rng, wing, 0.5)
    pen.curve(
        (-0.2, -0.08),
        (0.0, -0.3, 0.4, -0.2, 0.74, 0.16),
        (0.4, 0.46, 0.0, 0.46, -0.12, 0.26),
        (-0.22, 0.14, -0.26, 0.02, -0.2, -0.08),
    ).body(wing, texture)
    if rng.random() < 0.35:
        pen.polygon([(-0.6, -0.7), (-0.42, -1.0), (-0.36, -0.8), (-0.2, -0.92), (-0.3, -0.64)]).body(wing)
    eye(pen, -0.56, -0.46, 0.095)


def butterfly(pen: Pen, main: Colour, rng) -> None:
    second = main.turned(rng.choice([-60, -30, 40, 150])).lighter(rng.uniform(-0.05, 0.1))
    edge = main.darker(0.3) if rng.random() < 0.6 else main.darker(0.12)
    spot = rng.choice([WHITE, second.lighter(0.15), Colour(0.85, 0.15, 90)])
    top, low = rng.uniform(0.72, 0.9), rng.uniform(0.6, 0.8)

    def wings() -> None:
        lower = ((0.05, 0.05), (0.5, 0.0, 0.85, 0.2, 0.72, low), (0.55, low + 0.2, 0.2, 0.75, 0.05, 0.25))
        upper = ((0.05, 0.05), (0.15, -0.5, 0.5, -top - 0.1, 0.92, -top), (1.08, -0.5, 0.9, 0.12, 0.05, 0.08))
        for shape, colour in ((lower, second), (upper, main)):
            pen.curve(*shape).body(edge)
            pen.ctx.save()
            centre = (0.45, 0.4) if shape is lower else (0.55, -0.36)
            pen.ctx.translate(*centre)
            pen.ctx.scale(0.76, 0.76)
            pen.ctx.translate(-centre[0], -centre[1])
            pen.curve(*shape).body(colour)
            pen.ctx.restore()
        pen.ellipse(0.72, -0.55, 0.11).flat(spot)
        pen.ellipse(0.52, -0.3, 0.075).flat(spot)
        pen.ellipse(0.5, 0.52, 0.1).flat(spot)
        pen.curve((0.02, -0.35), (0.08, -0.6, 0.15, -0.75, 0.26, -0.8), close=False).stroke(BLACK, 0.035)
        pen.ellipse(0.27, -0.8, 0.04).flat(BLACK)

    pen.mirrored(wings)
    pen.ellipse(0, 0.12, 0.085, 0.46).body(Colour(0.3, 0.03, 60))
    pen.ellipse(0, -0.34, 0.1).body(Colour(0.3, 0.03, 60))
