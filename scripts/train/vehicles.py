"""Sailboat, car, airplane."""

from colour import BLACK, WHITE, Colour, vivid
from pen import Pen, random_texture

GLASS = Colour(0.86, 0.05, 225)


def sailboat(pen: Pen, main: Colour, rng) -> None:
    sail = rng.choice([Colour(0.95, 0.02, 90), Colour(0.9, 0.05, 85), vivid(rng, (0.7, 0.85), (0.1, 0.15))])
    jib = sail if rng.random() < 0.4 else vivid(rng, (0.65, 0.85), (0.1, 0.17))
    wood = Colour(0.45, 0.07, 55)
    deck = rng.uniform(0.46, 0.52)
    mast = rng.uniform(-0.1, 0.04)

    pen.line([(mast, deck), (mast, -0.98)], wood, 0.06)
    texture = random_texture(rng, sail, 0.4)
    pen.curve(
        (mast + 0.05, -0.9),
        (mast + 0.35, -0.6, mast + 0.7, -0.1, mast + 0.78, deck - 0.14),
        (mast + 0.4, deck - 0.08),
        (mast + 0.05, deck - 0.14),
    ).body(sail, texture)
    pen.curve(
        (mast - 0.06, -0.78),
        (mast - 0.2, -0.3, mast - 0.45, 0.1, mast - 0.68, deck - 0.1),
        (mast - 0.35, deck - 0.04, mast - 0.2, deck - 0.06, mast - 0.06, deck - 0.1),
    ).body(jib)
    flag = vivid(rng)
    pen.polygon([(mast, -1.0), (mast - 0.24, -0.93), (mast, -0.86)]).body(flag)

    hull = (
        (-0.92, deck),
        (0.96, deck),
        (0.86, deck + 0.25, 0.7, deck + 0.42, 0.56, deck + 0.44),
        (-0.52, deck + 0.44),
        (-0.7, deck + 0.42, -0.84, deck + 0.2, -0.92, deck),
    )
    pen.curve(*hull).body(main)
    band = WHITE if main.lightness < 0.8 else vivid(rng)
    pen.curve(*hull).within(lambda: pen.box(-1, deck + 0.06, 2, 0.08).flat(band, 0.9))
    if rng.random() < 0.5:
        for x in (-0.3, 0.0, 0.3):
            pen.ellipse(x, deck + 0.26, 0.055).body(GLASS)


def car(pen: Pen, main: Colour, rng) -> None:
    glass = GLASS.darker(rng.uniform(0, 0.35))
    back, front, roof = rng.uniform(-0.72, -0.5), rng.uniform(0.42, 0.58), rng.uniform(-0.62, -0.48)
    pen.curve(
        (-0.96, 0.28),
        (-1.0, 0.05, -0.95, -0.08, -0.8, -0.1),
        (back - 0.02, -0.14),
        (back + 0.06, roof + 0.05, back + 0.1, roof, back + 0.3, roof),
        (front - 0.42, roof),
        (front - 0.22, roof, front - 0.1, -0.3, front, -0.13),
        (0.75, -0.1, 0.98, -0.04, 0.98, 0.16),
        (0.98, 0.36),
        (-0.9, 0.36),
        (-0.95, 0.36, -0.96, 0.33, -0.96, 0.28),
    ).body(main, random_texture(rng, main, 0.15))
    middle = (back + front) / 2 - 0.02
    pen.curve(
        (back + 0.1, -0.12),
        (back + 0.16, roof + 0.16, back + 0.18, roof + 0.09, back + 0.32, roof + 0.09),
        (middle - 0.04, roof + 0.09),
        (middle - 0.04, -0.12),
    ).body(glass)
    pen.curve(
        (middle + 0.04, -0.12),
        (middle + 0.04, roof + 0.09),
        (front - 0.42, roof + 0.09),
        (front - 0.28, roof + 0.1, front - 0.18, -0.24, front - 0.11, -0.12),
    ).body(glass)
    pen.line([(middle, -0.08), (middle, 0.3)], main.darker(0.2), 0.025)
    pen.line([(middle + 0.08, 0.0), (middle + 0.2, 0.0)], main.darker(0.25), 0.04)
    pen.box(-0.92, 0.3, 1.86, 0.09, 0.04).body(main.darker(0.22))
    pen.ellipse(0.9, 0.06, 0.07, 0.09).body(Colour(0.93, 0.1, 95))
    pen.box(-0.97, -0.02, 0.09, 0.14, 0.03).body(Colour(0.55, 0.2, 28))
    radius, hub = rng.uniform(0.23, 0.28), rng.choice(
        [Colour(0.85, 0.01, 250), main.lighter(0.15), Colour(0.7, 0.01, 250)]
    )
    for x in (-0.54, 0.56):
        pen.ellipse(x, 0.38, radius).body(Colour(0.26, 0.01, 270))
        pen.ellipse(x, 0.38, 0.58 * radius).body(hub)
        pen.ellipse(x, 0.38, 0.18 * radius).flat(BLACK)


def airplane(pen: Pen, main: Colour, rng) -> None:
    """Seen from above, nose up."""
    hull = rng.choice([Colour(0.94, 0.01, 250), Colour(0.88, 0.02, 230), main.lighter(0.1)])
    sweep, tip = rng.uniform(0.28, 0.46), rng.uniform(0.11, 0.17)
    engine = Colour(0.5, 0.02, 260)

    def side() -> None:
        for x in (0.4, 0.66)[: rng.randrange(1, 3)]:
            pen.box(x - 0.05, -0.1 + sweep * x, 0.1, 0.24, 0.05).body(engine)
        pen.curve(
            (0.08, -0.26),
            (0.95, sweep - 0.04),
            (1.0, sweep - 0.02, 1.0, sweep + tip - 0.04, 0.95, sweep + tip - 0.04),
            (0.08, 0.24),
        ).body(main, texture)
        pen.curve((0.05, 0.58), (0.4, 0.8), (0.42, 0.92), (0.05, 0.82)).body(main)

    texture = random_texture(rng, main, 0.3)
    state = rng.getstate()
    for flip in (1, -1):
        rng.setstate(state)  # both wings carry the same engines
        pen.ctx.save()
        pen.ctx.scale(flip, 1)
        side()
        pen.ctx.restore()
    pen.curve(
        (0, -1.0),
        (0.15, -0.94, 0.15, -0.7, 0.15, -0.5),
        (0.15, 0.3),
        (0.14, 0.6, 0.06, 0.9, 0, 0.96),
        (-0.06, 0.9, -0.14, 0.6, -0.15, 0.3),
        (-0.15, -0.5),
        (-0.15, -0.7, -0.15, -0.94, 0, -1.0),
    ).body(hull)
    pen.curve(
        (-0.1, -0.72), (-0.08, -0.86, 0.08, -0.86, 0.1, -0.72), (0.05, -0.76, -0.05, -0.76, -0.1, -0.72)
    ).flat(Colour(0.35, 0.06, 240))
    for y in range(6):
        pen.mirrored(lambda: pen.ellipse(0.09, -0.5 + 0.14 * y, 0.022, 0.032).flat(Colour(0.4, 0.06, 240)))
    pen.box(-0.03, 0.58, 0.06, 0.38, 0.03).body(main.darker(0.1))
