"""Tree, mushroom, flower, apple."""

import math

from colour import WHITE, Colour, near
from pen import TAU, Pen, dots, stripes


def leaf(pen: Pen, x, y, length, angle, colour: Colour) -> None:
    pen.ctx.save()
    pen.ctx.translate(x, y)
    pen.ctx.rotate(angle)
    pen.curve(
        (0, 0),
        (0.3 * length, -0.42 * length, 0.75 * length, -0.3 * length, length, 0),
        (0.7 * length, 0.25 * length, 0.3 * length, 0.25 * length, 0, 0),
    ).body(colour)
    pen.line([(0.08 * length, 0), (0.85 * length, -0.02 * length)], colour.darker(0.14), 0.02, 0.7)
    pen.ctx.restore()


def tree_colour(rng) -> Colour:
    if rng.random() < 0.7:
        return near(rng, 140, 18, (0.42, 0.7), (0.1, 0.17))
    return near(rng, 60, 32, (0.6, 0.76), (0.12, 0.17))


def tree(pen: Pen, main: Colour, rng) -> None:
    bark = near(rng, 55, 10, (0.35, 0.5), (0.04, 0.08))
    half = rng.uniform(0.09, 0.15)
    pen.curve(
        (-half * 1.6, 1.0),
        (-half, 0.8, -half, 0.4, -0.6 * half, -0.1),
        (0.6 * half, -0.1),
        (half, 0.4, half, 0.8, half * 1.6, 1.0),
    ).body(bark)
    if rng.random() < 0.35:
        _conifer(pen, main, rng)
        return
    pen.line([(0, 0.45), (0.26, 0.15)], bark, 0.09)
    pen.line([(0, 0.35), (-0.24, 0.08)], bark, 0.08)
    _crown(pen, main, rng)


def _conifer(pen: Pen, main: Colour, rng) -> None:
    layers, wide = rng.randrange(3, 5), rng.uniform(0.55, 0.72)
    for i in range(layers):
        t = i / (layers - 1)
        y, half = 0.55 - 0.95 * t, wide * (1 - 0.45 * t)
        tip = y - (0.95 - 0.12 * layers)
        pen.curve(
            (0, tip),
            (0.1 * half, tip + 0.3, half, y - 0.1, half, y),
            (0.4 * half, y + 0.1, -0.4 * half, y + 0.1, -half, y),
            (-half, y - 0.1, -0.1 * half, tip + 0.3, 0, tip),
        ).body(main.lighter(0.05 * i - 0.05))


def _crown(pen: Pen, main: Colour, rng) -> None:
    """Clumps of leaves: dark ones behind, light ones above, speckles of light on top."""
    clumps = []
    count = rng.randrange(7, 10)
    for i in range(count):
        angle = TAU * i / count + rng.uniform(-0.2, 0.2)
        clumps.append((0.44 * math.cos(angle), -0.36 + 0.34 * math.sin(angle), rng.uniform(0.26, 0.34)))
    for x, y, r in clumps:
        pen.ellipse(x, y, r).body(main.darker(0.06))
    pen.ellipse(0, -0.36, 0.45).flat(main)
    for x, y, r in clumps:
        pen.ellipse(0.92 * x - 0.05, y - 0.07, 0.72 * r).flat(main.lighter(0.04 - 0.12 * (y + 0.36)), 0.85)
    for _ in range(26):
        angle, radius = rng.uniform(0, TAU), 0.6 * math.sqrt(rng.random())
        pen.ellipse(
            radius * math.cos(angle), -0.38 + 0.85 * radius * math.sin(angle), 0.05, 0.03, rng.uniform(0, 3)
        ).flat(main.lighter(rng.choice([-0.14, 0.14])), 0.6)


def mushroom_colour(rng) -> Colour:
    if rng.random() < 0.6:
        return near(rng, 28, 14, (0.5, 0.62), (0.16, 0.21))
    return rng.choice(
        [
            near(rng, 60, 15, (0.5, 0.68), (0.08, 0.13)),
            near(rng, 320, 40, (0.5, 0.65), (0.1, 0.16)),
            near(rng, 250, 30, (0.5, 0.65), (0.1, 0.15)),
        ],
    )


def mushroom(pen: Pen, main: Colour, rng) -> None:
    stem = near(rng, 85, 10, (0.86, 0.94), (0.02, 0.05))
    half, foot = rng.uniform(0.17, 0.26), rng.uniform(0.26, 0.38)
    brim, top = rng.uniform(0.02, 0.16), rng.uniform(-0.98, -0.78)
    pen.curve(
        (-half, brim - 0.05),
        (-half, 0.4, -foot, 0.6, -foot, 0.82),
        (-foot, 1.0, foot, 1.0, foot, 0.82),
        (foot, 0.6, half, 0.4, half, brim - 0.05),
    ).body(stem)
    if rng.random() < 0.6:
        pen.curve(
            (-half - 0.1, brim + 0.32),
            (-0.1, brim + 0.42, 0.1, brim + 0.42, half + 0.1, brim + 0.32),
            (half, brim + 0.16),
            (-half, brim + 0.16),
        ).body(stem.darker(0.06))
    pen.ellipse(0, brim, 0.86, 0.17).body(stem.darker(0.14), stripes(stem.darker(0.26), 0.11, 0, 0.7, 0.4))
    cap = (
        (-0.94, brim),
        (-0.95, top + 0.1, -0.45, top, 0, top),
        (0.45, top, 0.95, top + 0.1, 0.94, brim),
        (0.6, brim - 0.16, -0.6, brim - 0.16, -0.94, brim),
    )
    pen.curve(*cap).body(main)
    spots = [
        (-0.52, -0.28, 0.12),
        (-0.12, -0.5, 0.15),
        (0.36, -0.34, 0.13),
        (0.12, -0.14, 0.09),
        (-0.28, -0.1, 0.07),
        (0.66, -0.12, 0.09),
        (-0.74, -0.04, 0.07),
        (0.22, -0.72, 0.08),
    ]
    pale = WHITE if rng.random() < 0.8 else main.darker(0.16)

    def paint() -> None:
        for x, y, r in spots:
            pen.ellipse(
                x + rng.uniform(-0.05, 0.05),
                y + rng.uniform(-0.05, 0.05),
                r * rng.uniform(0.8, 1.2),
                r * rng.uniform(0.65, 0.95),
            ).flat(pale, 0.95)
        pen.ellipse(-0.35, top + 0.2, 0.3, 0.1, -0.5).flat(WHITE, 0.16)

    pen.curve(*cap).within(paint)


def flower(pen: Pen, main: Colour, rng) -> None:
    green = near(rng, 140, 12, (0.45, 0.6), (0.1, 0.15))
    bend = rng.uniform(-0.25, 0.25)
    pen.curve((0, -0.2), (0.0, 0.2, bend, 0.5, 0.6 * bend, 1.0), close=False).stroke(green, 0.085)
    leaf(pen, 0.62 * bend, 0.78, rng.uniform(0.42, 0.55), rng.uniform(-0.75, -0.35), green.lighter(0.05))
    leaf(pen, 0.62 * bend, 0.86, rng.uniform(0.42, 0.55), math.pi + rng.uniform(0.35, 0.75), green)
    petals, turn = rng.randrange(5, 11), rng.uniform(0, TAU)
    reach = rng.uniform(0.56, 0.64)
    half = min(0.3, 1.5 / petals) * rng.uniform(0.8, 1.0)
    for ring, colour in ((0, main.darker(0.1)), (1, main)):
        if ring == 0 and petals > 7:
            continue
        for i in range(petals):
            angle = turn + TAU * (i + 0.5 * (1 - ring)) / petals
            x, y = 0.56 * reach * math.cos(angle), -0.36 + 0.56 * reach * math.sin(angle)
            pen.ellipse(x, y, 0.52 * reach, half * 0.78, angle).body(colour)
    heart = Colour(0.8, 0.16, 85) if abs((main.hue - 85 + 180) % 360 - 180) > 40 else Colour(0.42, 0.07, 50)
    pen.ellipse(0, -0.36, 0.2).body(heart, dots(heart.darker(0.14), 0.09, 0.8, 0.3))


def apple_colour(rng) -> Colour:
    return rng.choice(
        [
            near(rng, 25, 8, (0.5, 0.6), (0.18, 0.22)),
            near(rng, 122, 10, (0.68, 0.78), (0.15, 0.19)),
            near(rng, 92, 8, (0.82, 0.88), (0.15, 0.18)),
            near(rng, 10, 10, (0.42, 0.55), (0.14, 0.18)),
        ],
    )


def apple(pen: Pen, main: Colour, rng) -> None:
    wide = rng.uniform(0.82, 0.94)
    shape = (
        (0, -0.42),
        (0.22, -0.66, 0.8 * wide, -0.68, wide, -0.22),
        (wide * 1.12, 0.25, 0.62, 0.98, 0.28, 0.92),
        (0.14, 0.9, 0.08, 0.84, 0, 0.84),
        (-0.08, 0.84, -0.14, 0.9, -0.28, 0.92),
        (-0.62, 0.98, -wide * 1.12, 0.25, -wide, -0.22),
        (-0.8 * wide, -0.68, -0.22, -0.66, 0, -0.42),
    )
    pen.curve(*shape).body(main)

    def paint() -> None:
        blush = main.turned(rng.choice([-30, 30])).lighter(0.08)
        pen.glow(0.4 * wide, 0.15, 0.75, blush, 0.75)
        pen.ellipse(0, -0.44, 0.26, 0.1).flat(main.darker(0.22), 0.8)
        pen.ellipse(-0.5, -0.18, 0.14, 0.27, 0.45).flat(WHITE, 0.55)
        for _ in range(rng.randrange(0, 14)):
            pen.ellipse(rng.uniform(-0.7, 0.7), rng.uniform(-0.2, 0.75), 0.018).flat(WHITE, 0.7)

    pen.curve(*shape).within(paint)
    tilt = rng.uniform(-0.14, 0.18)
    pen.curve(
        (0, -0.42), (0.0, -0.6, 0.3 * tilt, -0.75, tilt, -0.92), close=False
    ).stroke(Colour(0.36, 0.06, 55), 0.085)
    if rng.random() < 0.85:
        green = near(rng, 138, 12, (0.52, 0.66), (0.13, 0.17))
        leaf(pen, 0.02, -0.6, rng.uniform(0.45, 0.6), rng.uniform(-0.55, -0.1), green)
