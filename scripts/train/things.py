"""House, lighthouse, cup, umbrella, clock."""

import math

from colour import BLACK, WHITE, Colour, near, vivid
from pen import TAU, Pen, checks, random_texture, stripes

LAMP = Colour(0.9, 0.13, 95)


def house(pen: Pen, main: Colour, rng) -> None:
    roof = near(
        rng, 30, 25, (0.42, 0.58), (0.08, 0.16)
    ) if rng.random() < 0.6 else vivid(rng, (0.35, 0.55), (0.06, 0.14))
    if roof.distance(main) < 0.15:
        roof = main.darker(0.25)
    eaves, peak = rng.uniform(-0.2, -0.02), rng.uniform(-0.98, -0.8)
    half = rng.uniform(0.68, 0.8)
    if rng.random() < 0.8:
        x = rng.choice([-1, 1]) * rng.uniform(0.3, 0.42)
        pen.box(x - 0.09, peak + 0.08, 0.18, 0.6).body(roof.darker(0.08).paler(0.6))
        pen.box(x - 0.12, peak + 0.04, 0.24, 0.09).body(roof.darker(0.16).paler(0.6))
    wall = stripes(main.darker(0.08), 0.14, math.pi / 2, 0.6, 0.18) if rng.random() < 0.4 else None
    pen.box(-half, eaves - 0.02, 2 * half, 0.96 - eaves).body(main, wall)
    ridge = rng.choice([0.0, 0.0, 0.35])
    tiles = rng.choice(
        [None, stripes(roof.darker(0.1), 0.16, math.pi / 2, 0.7, 0.25), checks(roof.darker(0.08), 0.12, 0.5)]
    )
    pen.polygon([(-half - 0.16, eaves), (-ridge, peak), (ridge, peak), (half + 0.16, eaves)]).body(roof, tiles)

    door = vivid(rng, (0.35, 0.6), (0.08, 0.16))
    place = rng.choice([-0.36, 0.0, 0.36])
    pen.box(place - 0.15, 0.36, 0.3, 0.59, 0.05).body(door)
    pen.ellipse(place + 0.08, 0.68, 0.03).flat(LAMP)
    glow = rng.choice([Colour(0.88, 0.05, 225), LAMP, Colour(0.45, 0.05, 240)])
    for x in (-0.42, 0.42) if place == 0 else (-1.3 * place, -0.25 * place):
        window(pen, x, 0.4, 0.13, 0.17, glow)
    if place != 0:
        window(pen, place, eaves + 0.22, 0.12, 0.12, glow)
    if rng.random() < 0.5:
        pen.ellipse(0, (eaves + peak) / 2 + 0.1, 0.12).body(glow)


def window(pen: Pen, x, y, half_width, half_height, glass: Colour) -> None:
    pen.box(x - half_width - 0.03, y - half_height - 0.03, 2 * half_width + 0.06, 2 * half_height + 0.06).flat(WHITE)
    pen.box(x - half_width, y - half_height, 2 * half_width, 2 * half_height).body(glass)
    pen.line([(x, y - half_height), (x, y + half_height)], WHITE, 0.035)
    pen.line([(x - half_width, y), (x + half_width, y)], WHITE, 0.035)


def lighthouse(pen: Pen, main: Colour, rng) -> None:
    base, top = rng.uniform(0.32, 0.4), rng.uniform(0.19, 0.24)
    wall = rng.choice([WHITE, WHITE, Colour(0.9, 0.04, 85)])
    tower = [(-base, 0.84), (-top, -0.46), (top, -0.46), (base, 0.84)]
    bands = rng.randrange(2, 5)

    def paint() -> None:
        if style == 0:
            for i in range(bands):
                height = 1.3 / (2 * bands)
                pen.box(-1, -0.46 + (2 * i + 0.9) * height, 2, height).flat(main)
        else:
            stripes(main, 0.34, 0.95, 1.0, 0.5)(pen, (-0.5, -0.5, 0.5, 0.9))
        # The side away from the light.
        pen.polygon([(0.06, -0.5), (1, -0.5), (1, 1), (0.12, 1)]).flat(BLACK, 0.13)

    style = 0 if rng.random() < 0.72 else 1
    pen.polygon(tower).body(wall)
    pen.polygon(tower).within(paint)
    if pen.outline:
        pen.polygon(tower).stroke(BLACK, pen.outline, 0.85)

    rock = Colour(0.48, 0.02, rng.uniform(40, 260))
    pen.curve(
        (-0.72, 1.0),
        (-0.7, 0.84, -0.5, 0.72, -0.36, 0.8),
        (-0.2, 0.68, 0.1, 0.86, 0.24, 0.78),
        (0.4, 0.7, 0.68, 0.8, 0.74, 1.0),
    ).body(rock)
    pen.curve(
        (-0.07, 0.78), (-0.09, 0.5), (-0.09, 0.42, 0.09, 0.42, 0.09, 0.5), (0.07, 0.78)
    ).body(Colour(0.35, 0.05, 50))
    pen.box(-0.04, -0.22, 0.08, 0.14, 0.04).flat(Colour(0.35, 0.04, 240))
    roof = main.darker(0.08)
    pen.box(-0.16, -0.72, 0.32, 0.24).body(LAMP)
    for x in (-0.16, -0.05, 0.06, 0.16):
        pen.line([(x, -0.72), (x, -0.48)], Colour(0.35, 0.02, 250), 0.03)
    pen.box(-top - 0.1, -0.52, 2 * top + 0.2, 0.08, 0.02).body(Colour(0.35, 0.02, 250))
    pen.curve((-0.24, -0.7), (-0.18, -0.9, -0.06, -0.92, 0, -0.94), (0.06, -0.92, 0.18, -0.9, 0.24, -0.7)).body(roof)
    pen.line([(0, -0.92), (0, -1.04)], Colour(0.35, 0.02, 250), 0.035)


def cup(pen: Pen, main: Colour, rng) -> None:
    rim, foot, top, low = rng.uniform(0.56, 0.64), rng.uniform(0.38, 0.56), rng.uniform(-0.42, -0.3), rng.uniform(0.66, 0.78)
    left = -0.14
    if rng.random() < 0.5:
        pen.ellipse(left, low + 0.06, 0.84, 0.16).body(main.lighter(0.12).paler(0.7))
        pen.ellipse(left, low + 0.03, 0.5, 0.09).flat(main.darker(0.08).paler(0.7))
    ring = rng.uniform(0.24, 0.3)
    pen.ellipse(left + rim + 0.1, 0.1, ring, ring * 1.1).stroke(
        BLACK, 0.15 + 2 * pen.outline, 0.85 if pen.outline else 0.0
    )
    pen.ellipse(left + rim + 0.1, 0.1, ring, ring * 1.1).stroke(main.darker(0.07), 0.15)
    shape = (
        (left - rim, top),
        (left - rim, 0.2, left - foot, low, left - 0.6 * foot, low),
        (left + 0.6 * foot, low),
        (left + foot, low, left + rim, 0.2, left + rim, top),
    )
    pen.curve(*shape).body(main, random_texture(rng, main, 0.55))
    pen.curve(*shape).within(lambda: pen.box(left - rim * 0.82, top + 0.16, 0.1, 0.5, 0.05).flat(WHITE, 0.3))
    pen.ellipse(left, top, rim, 0.17).body(main.lighter(0.1))
    drink = rng.choice([Colour(0.36, 0.06, 50), Colour(0.6, 0.11, 60), Colour(0.62, 0.1, 130)])
    pen.ellipse(left, top + 0.03, rim * 0.86, 0.115).flat(drink)
    pen.ellipse(left - 0.15, top + 0.01, rim * 0.4, 0.04).flat(WHITE, 0.15)
    if rng.random() < 0.6:
        for x in (-0.22, 0.02, 0.26):
            pen.curve(
                (left + x, top - 0.2),
                (left + x + 0.14, top - 0.34, left + x - 0.14, top - 0.46, left + x, top - 0.62),
                close=False,
            ).stroke(WHITE, 0.05, 0.75)


def umbrella(pen: Pen, main: Colour, rng) -> None:
    second = rng.choice([WHITE, main.turned(rng.choice([-70, 60, 150])), main.darker(0.14), main.lighter(0.12)])
    rim, crown, panels = rng.uniform(-0.02, 0.12), rng.uniform(-0.86, -0.74), rng.choice([4, 6, 6])
    grip = rng.choice([Colour(0.42, 0.07, 50), BLACK, Colour(0.6, 0.1, 60)])
    pen.line([(0, crown), (0, 0.78)], Colour(0.4, 0.02, 250), 0.055)
    hook = 0.14 * rng.choice([-1, 1])
    pen.curve((0, 0.56), (0, 0.76), (0, 1.04, 2 * hook, 1.04, 2 * hook, 0.8), close=False).stroke(grip, 0.1)
    pen.line([(0, crown + 0.04), (0, crown - 0.16)], Colour(0.4, 0.02, 250), 0.06)

    # Panels are drawn from the rim to the crown; the outer edges of the outer ones make the dome.
    edges = [-0.95 * math.cos(math.pi * i / panels) for i in range(panels + 1)]
    for i in range(panels):
        a, b = edges[i], edges[i + 1]
        middle = (a + b) / 2
        pen.curve(
            (0, crown),
            (0.62 * a, crown + 0.02, a, 0.45 * crown, a, rim),
            (middle * 1.0, rim - 0.13 - 0.1 * (b - a), middle, rim - 0.13 - 0.1 * (b - a), b, rim),
            (b, 0.45 * crown, 0.62 * b, crown + 0.02, 0, crown),
        ).body(main if i % 2 == 0 else second)
    pen.curve(
        (-0.3, crown + 0.16), (-0.5, crown + 0.25, -0.66, crown + 0.42, -0.7, crown + 0.6), close=False
    ).stroke(WHITE, 0.05, 0.3)


def clock(pen: Pen, main: Colour, rng) -> None:
    face = rng.choice([WHITE, Colour(0.93, 0.04, 85), Colour(0.96, 0.02, 220)])
    ink = rng.choice([BLACK, Colour(0.35, 0.08, 260), Colour(0.38, 0.08, 30)])
    y = 0.06
    if rng.random() < 0.6:
        _bells(pen, main, y)
    pen.ellipse(0, y, 0.78).body(main)
    pen.ellipse(0, y, rng.uniform(0.6, 0.66)).body(face)
    heavy = rng.random() < 0.5
    for hour in range(12):
        angle, long = TAU * hour / 12, 0.14 if hour % 3 == 0 else 0.07
        dx, dy = math.sin(angle), -math.cos(angle)
        pen.line(
            [((0.56 - long) * dx, y + (0.56 - long) * dy), (0.56 * dx, y + 0.56 * dy)],
            ink,
            0.06 if heavy and hour % 3 == 0 else 0.035,
        )
    hour, minute = rng.uniform(0, 12), rng.uniform(0, 60)
    for angle, length, width in ((TAU * hour / 12, 0.32, 0.085), (TAU * minute / 60, 0.46, 0.055)):
        dx, dy = math.sin(angle), -math.cos(angle)
        pen.line([(-0.08 * dx, y - 0.08 * dy), (length * dx, y + length * dy)], ink, width)
    pen.ellipse(0, y, 0.06).flat(main.darker(0.05))


def _bells(pen: Pen, main: Colour, y: float) -> None:
    metal = main.turned(20).darker(0.1)
    pen.line([(-0.4, y + 0.5), (-0.58, y + 0.88)], metal, 0.12)
    pen.line([(0.4, y + 0.5), (0.58, y + 0.88)], metal, 0.12)
    pen.line([(0, y - 0.6), (0, y - 0.92)], metal, 0.07)
    pen.line([(-0.12, y - 0.94), (0.12, y - 0.94)], metal, 0.1)
    pen.mirrored(lambda: pen.ellipse(0.5, y - 0.66, 0.3, 0.2, 0.65).body(metal.lighter(0.08)))
