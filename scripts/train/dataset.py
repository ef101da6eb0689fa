"""Renders the splits once, keeps them as .npy files, and says their SHA-256: dataset.py [--cache DIR].

Every picture has its own seed (split name and number), so the set does not depend on the number of processes.
"""

import argparse
import hashlib
import tempfile
from multiprocessing import Pool
from pathlib import Path

import numpy as np

from classes import CLASSES
from scene import render_scene

SIZE = 96
PER_CLASS = {'train': 1000, 'validation': 50, 'test': 150}
DEFAULT_CACHE = Path(tempfile.gettempdir()) / 'vitrine-train'


def _render(job: tuple[str, int]) -> tuple[np.ndarray, np.ndarray]:
    split, index = job
    return render_scene(index % len(CLASSES), f'{split} {index}', SIZE)


def load_split(
    split: str, cache: Path = DEFAULT_CACHE, processes: int = 2
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """images [n, 96, 96, 3] and masks [n, 96, 96] as uint8, labels [n] as int64; classes alternate."""
    count = PER_CLASS[split] * len(CLASSES)
    labels = np.arange(count) % len(CLASSES)
    files = [cache / f'{split}-{name}.npy' for name in ('images', 'masks')]
    if not all(f.exists() for f in files):
        cache.mkdir(parents=True, exist_ok=True)
        with Pool(processes) as pool:
            rendered = pool.map(_render, [(split, i) for i in range(count)], chunksize=64)
        for k, file in enumerate(files):
            np.save(file, np.stack([pair[k] for pair in rendered]))
    images, masks = (np.load(f) for f in files)
    return images, masks, labels


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--cache', type=Path, default=DEFAULT_CACHE)
    cache = parser.parse_args().cache
    for split in PER_CLASS:
        images, masks, _ = load_split(split, cache)
        digests = [hashlib.sha256(a.tobytes()).hexdigest() for a in (images, masks)]
        print(f'{split:10} {len(images):6} images {digests[0]}  masks {digests[1]}')


if __name__ == '__main__':
    main()
