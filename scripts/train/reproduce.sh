#!/bin/sh
# Everything in static/models and static/gallery from nothing: pictures, both trainings, export, measurements.
#
#   apt-get install python3-torch python3-onnx python3-cairo python3-pil python3-numpy
#   sh scripts/train/reproduce.sh [cache folder]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
python=${PYTHON:-python3}
cache=${1:-$("$python" -c 'import tempfile; print(tempfile.gettempdir())')/vitrine-train}
"$python" "$here/dataset.py" --cache "$cache"
"$python" "$here/train.py" honest --cache "$cache"
"$python" "$here/train.py" shortcut --cache "$cache"
"$python" "$here/gallery.py"
"$python" "$here/publish.py" --cache "$cache"
"$python" "$here/evaluate.py" --cache "$cache"
