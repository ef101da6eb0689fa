"""A pen over a cairo context: the shapes, fills and textures that every object is made of.

Coordinates are the object's own: x to the right, y downwards, the object within −1…1. Nothing here depends on the
resolution of the surface, so that one seed draws the same picture at every size.
"""

import math

import cairo

from colour import BLACK, Colour

TAU = 2 * math.pi


class Pen:
    def __init__(self, ctx, rng):
        self.ctx = ctx
        self.rng = rng
        # One hand draws the whole object: with or without outline, shaded more or less.
        self.outline = rng.uniform(0.018, 0.036) if rng.random() < 0.4 else 0.0
        self.shading = rng.uniform(0.04, 0.13)

    # Paths

    def polygon(self, points) -> 'Pen':
        self.ctx.new_path()
        for x, y in points:
            self.ctx.line_to(x, y)
        self.ctx.close_path()
        return self

    def curve(self, start, *segments, close=True) -> 'Pen':
        """A path of cubic segments (6 numbers) and straight ones (2 numbers)."""
        self.ctx.new_path()
        self.ctx.move_to(*start)
        for segment in segments:
            self.ctx.line_to(*segment) if len(segment) == 2 else self.ctx.curve_to(*segment)
        if close:
            self.ctx.close_path()
        return self

    def ellipse(self, x, y, rx, ry=None, angle=0.0) -> 'Pen':
        ctx = self.ctx
        ctx.new_path()
        ctx.save()
        ctx.translate(x, y)
        ctx.rotate(angle)
        ctx.scale(rx, rx if ry is None else ry)
        ctx.arc(0, 0, 1, 0, TAU)
        ctx.restore()
        ctx.close_path()
        return self

    def box(self, x, y, width, height, radius=0.0) -> 'Pen':
        ctx, r = self.ctx, min(radius, width / 2, height / 2)
        ctx.new_path()
        if r <= 0:
            ctx.rectangle(x, y, width, height)
            return self
        ctx.arc(x + width - r, y + r, r, -TAU / 4, 0)
        ctx.arc(x + width - r, y + height - r, r, 0, TAU / 4)
        ctx.arc(x + r, y + height - r, r, TAU / 4, TAU / 2)
        ctx.arc(x + r, y + r, r, TAU / 2, 3 * TAU / 4)
        ctx.close_path()
        return self

    # Inks: each consumes the current path

    def flat(self, colour: Colour, alpha=1.0) -> None:
        self.ctx.set_source_rgba(*colour.rgb, alpha)
        self.ctx.fill()

    def stroke(self, colour: Colour, width: float, alpha=1.0) -> None:
        self.ctx.set_line_width(width)
        self.ctx.set_source_rgba(*colour.rgb, alpha)
        self.ctx.stroke()

    def line(self, points, colour: Colour, width: float, alpha=1.0) -> None:
        self.ctx.new_path()
        for x, y in points:
            self.ctx.line_to(x, y)
        self.stroke(colour, width, alpha)

    def body(self, colour: Colour, texture=None) -> None:
        """Fills the path with shaded colour, lays the texture over it, draws the outline."""
        ctx = self.ctx
        path = ctx.copy_path()
        x0, y0, x1, y1 = ctx.path_extents()
        gradient = cairo.LinearGradient(x0, y0, x0 + 0.35 * (x1 - x0), y1)
        gradient.add_color_stop_rgb(0, *colour.lighter(self.shading).rgb)
        gradient.add_color_stop_rgb(1, *colour.darker(self.shading).rgb)
        ctx.set_source(gradient)
        ctx.fill()
        if texture is not None:
            self._clipped(path, lambda: texture(self, (x0, y0, x1, y1)))
        if self.outline:
            ctx.append_path(path)
            self.stroke(BLACK, self.outline, 0.85)

    def within(self, draw) -> None:
        """Runs `draw` with the current path as its clip."""
        path = self.ctx.copy_path()
        self._clipped(path, draw)

    def _clipped(self, path, draw) -> None:
        self.ctx.save()
        self.ctx.new_path()
        self.ctx.append_path(path)
        self.ctx.clip()
        draw()
        self.ctx.restore()
        self.ctx.new_path()

    def glow(self, x, y, radius, colour: Colour, alpha: float) -> None:
        """A soft round light that fades to nothing at `radius`; meant for use inside `within`."""
        gradient = cairo.RadialGradient(x, y, 0, x, y, radius)
        gradient.add_color_stop_rgba(0, *colour.rgb, alpha)
        gradient.add_color_stop_rgba(1, *colour.rgb, 0)
        self.ctx.set_source(gradient)
        self.ctx.paint()

    def mirrored(self, draw) -> None:
        """Draws once as is and once with x reversed: wings, ears, eyes."""
        for side in (1, -1):
            self.ctx.save()
            self.ctx.scale(side, 1)
            draw()
            self.ctx.restore()


# Textures: functions of the pen and the box to be covered


def stripes(colour: Colour, period: float, angle: float, alpha=0.8, share=0.5):
    def paint(pen: Pen, box) -> None:
        ctx = pen.ctx
        x0, y0, x1, y1 = box
        reach = 0.5 * math.hypot(x1 - x0, y1 - y0)
        ctx.save()
        ctx.translate((x0 + x1) / 2, (y0 + y1) / 2)
        ctx.rotate(angle)
        steps = int(reach / period) + 1
        for i in range(-steps, steps + 1):
            ctx.rectangle(i * period - share * period / 2, -reach, share * period, 2 * reach)
        ctx.restore()
        pen.flat(colour, alpha)

    return paint


def dots(colour: Colour, period: float, alpha=0.85, share=0.3):
    def paint(pen: Pen, box) -> None:
        x0, y0, x1, y1 = box
        ctx = pen.ctx
        rows, columns = int((y1 - y0) / period) + 2, int((x1 - x0) / period) + 2
        for row in range(rows):
            for column in range(columns):
                x = x0 + (column + 0.5 * (row % 2)) * period
                ctx.new_sub_path()
                ctx.arc(x, y0 + row * period * 0.87, share * period, 0, TAU)
        pen.flat(colour, alpha)

    return paint


def checks(colour: Colour, period: float, alpha=0.7):
    def paint(pen: Pen, box) -> None:
        x0, y0, x1, y1 = box
        for row in range(int((y1 - y0) / period) + 1):
            for column in range(row % 2, int((x1 - x0) / period) + 1, 2):
                pen.ctx.rectangle(x0 + column * period, y0 + row * period, period, period)
        pen.flat(colour, alpha)

    return paint


def random_texture(rng, colour: Colour, chance=0.45):
    """None, or a pattern in a colour that goes with `colour`."""
    if rng.random() > chance:
        return None
    ink = rng.choice(
        [colour.lighter(0.16), colour.darker(0.14), colour.turned(rng.choice([-50, 50])), Colour(0.94, 0.03, 90)]
    )
    period = rng.uniform(0.16, 0.32)
    kind = rng.randrange(4)
    if kind == 0:
        return dots(ink, period, rng.uniform(0.6, 0.9), rng.uniform(0.2, 0.34))
    if kind == 1:
        return checks(ink, period * 0.8, rng.uniform(0.35, 0.6))
    return stripes(ink, period, rng.uniform(0, math.pi), rng.uniform(0.5, 0.9), rng.uniform(0.3, 0.6))
