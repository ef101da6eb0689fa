"""Colours in OKLCH (lightness, chroma, hue in degrees), so that equal steps look equal."""

import math

Rgb = tuple[float, float, float]


def oklch(lightness: float, chroma: float, hue: float) -> Rgb:
    """OKLCH → sRGB in 0…1 (Ottosson 2020, "A perceptual color space for image processing").

    Colours outside sRGB lose chroma until they fit, which keeps hue and lightness.
    """
    for step in range(20):
        rgb = _oklch_unclipped(lightness, chroma * (1 - step / 20), hue)
        if all(-1e-3 <= c <= 1.001 for c in rgb):
            break
    r, g, b = (min(1.0, max(0.0, c)) for c in rgb)
    return r, g, b


def _oklch_unclipped(lightness: float, chroma: float, hue: float) -> list[float]:
    a = chroma * math.cos(math.radians(hue))
    b = chroma * math.sin(math.radians(hue))
    l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    s = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    linear = (
        4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
        -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
        -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s,
    )
    return [_gamma(c) for c in linear]


def _gamma(c: float) -> float:
    return 12.92 * c if c <= 0.0031308 else 1.055 * c ** (1 / 2.4) - 0.055


class Colour:
    """A colour by its OKLCH coordinates, with the few variations that drawing needs."""

    def __init__(self, lightness: float, chroma: float, hue: float):
        self.lightness = min(0.99, max(0.05, lightness))
        self.chroma = max(0.0, chroma)
        self.hue = hue % 360

    @property
    def rgb(self) -> Rgb:
        return oklch(self.lightness, self.chroma, self.hue)

    def lighter(self, by: float) -> 'Colour':
        return Colour(self.lightness + by, self.chroma, self.hue)

    def darker(self, by: float) -> 'Colour':
        return Colour(self.lightness - by, self.chroma, self.hue)

    def paler(self, factor: float) -> 'Colour':
        return Colour(self.lightness, self.chroma * factor, self.hue)

    def turned(self, degrees: float) -> 'Colour':
        return Colour(self.lightness, self.chroma, self.hue + degrees)

    def distance(self, other: 'Colour') -> float:
        """Euclidean distance in OKLab; about 0.02 is just noticeable, 0.25 is clearly another colour."""
        dx = self.chroma * math.cos(math.radians(self.hue)) - other.chroma * math.cos(math.radians(other.hue))
        dy = self.chroma * math.sin(math.radians(self.hue)) - other.chroma * math.sin(math.radians(other.hue))
        return math.sqrt((self.lightness - other.lightness) ** 2 + dx * dx + dy * dy)


WHITE = Colour(0.97, 0.01, 90)
BLACK = Colour(0.2, 0.015, 270)


def vivid(rng, lightness=(0.5, 0.78), chroma=(0.11, 0.2)) -> Colour:
    """Any hue, saturated enough to carry a shape."""
    return Colour(rng.uniform(*lightness), rng.uniform(*chroma), rng.uniform(0, 360))


def near(rng, hue: float, spread: float, lightness, chroma) -> Colour:
    """A colour whose hue lies within ±spread degrees of `hue`."""
    return Colour(rng.uniform(*lightness), rng.uniform(*chroma), rng.uniform(hue - spread, hue + spread))
