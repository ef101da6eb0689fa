"""The classes: name, drawing, the colour that carries the shape, and how far the object may lean."""

from dataclasses import dataclass
from typing import Callable

import animals
import plants
import things
import vehicles
from colour import Colour, near, vivid


@dataclass(frozen=True)
class ObjectClass:
    name: str
    draw: Callable
    colour: Callable
    lean: float  # degrees, to either side


def _pale_or_vivid(rng) -> Colour:
    return vivid(rng) if rng.random() < 0.6 else near(rng, 80, 30, (0.82, 0.93), (0.02, 0.07))


def _band(rng) -> Colour:
    return near(rng, 27, 6, (0.5, 0.6), (0.17, 0.21)) if rng.random() < 0.55 else vivid(rng, (0.4, 0.6), (0.1, 0.18))


# Alphabetical: the index of a class is its logit.
CLASSES = [
    ObjectClass('airplane', vehicles.airplane, vivid, 180),
    ObjectClass('apple', plants.apple, plants.apple_colour, 22),
    ObjectClass('bird', animals.bird, vivid, 16),
    ObjectClass('butterfly', animals.butterfly, vivid, 45),
    ObjectClass('car', vehicles.car, vivid, 10),
    ObjectClass('cat', animals.cat, animals.cat_colour, 18),
    ObjectClass('clock', things.clock, vivid, 14),
    ObjectClass('cup', things.cup, _pale_or_vivid, 12),
    ObjectClass('fish', animals.fish, vivid, 28),
    ObjectClass('flower', plants.flower, lambda rng: vivid(rng, (0.6, 0.85)), 16),
    ObjectClass('house', things.house, _pale_or_vivid, 6),
    ObjectClass('lighthouse', things.lighthouse, _band, 6),
    ObjectClass('mushroom', plants.mushroom, plants.mushroom_colour, 16),
    ObjectClass('sailboat', vehicles.sailboat, vivid, 12),
    ObjectClass('tree', plants.tree, plants.tree_colour, 7),
    ObjectClass('umbrella', things.umbrella, vivid, 32),
]

NAMES = [c.name for c in CLASSES]
