"""python explain.py explanation.onnx picture.png: the class, and where the scores are."""

import json
import sys

import numpy as np
import onnxruntime as ort
from PIL import Image


class Explainer:
    """An explanation as a file. Pixels are uint8 [N, height, width, 3]."""

    def __init__(self, path):
        self.session = ort.InferenceSession(path, providers=["CPUExecutionProvider"])
        self.inputs = {port.name for port in self.session.get_inputs()}
        meta = self.session.get_modelmeta().custom_metadata_map
        self.how = json.loads(meta["vitrine.preprocessing"])[0]
        self.pixel_shape = (self.how["height"], self.how["width"], 3)

    def view(self, picture):
        """What the model sees of a picture, uint8 [1, height, width, 3]."""
        how, (width, height) = self.how, picture.size
        box = (0, 0, width, height)
        if how["resize"] == "centre-crop":
            unit = min(width / how["width"], height / how["height"]) * how["cropFraction"]
            left, top = (width - unit * how["width"]) / 2, (height - unit * how["height"]) / 2
            box = (left, top, width - left, height - top)
        elif how["resize"] != "stretch":
            raise ValueError("pictures with bars: resize them yourself, " + str(how))
        size = (how["width"], how["height"])
        return np.asarray(picture.convert("RGB").resize(size, Image.BILINEAR, box=box))[None]

    def preprocess(self, pixels):
        """Pixels of the model's size → what it is fed."""
        how = self.how
        if how["order"] == "BGR":
            pixels = pixels[..., ::-1]
        if how["order"] == "grey":
            pixels = pixels @ np.array([[0.299], [0.587], [0.114]])
        x = (pixels / 255 * how["scale"] - np.array(how["mean"])) / np.array(how["std"])
        return (x.transpose(0, 3, 1, 2) if how["layout"] == "NCHW" else x).astype(np.float32)

    def explain_batch(self, pixels, target=None):
        """Logits [N, classes] and attribution [N, …]; of the most probable class where no target is given."""
        image = self.preprocess(pixels)
        feeds = {"image": image, "baseline": self.preprocess(np.zeros_like(pixels))}
        if target is None:  # whatever is asked for, the logits are the same
            target = self.run(feeds, np.zeros(len(image), np.int64))[0].argmax(axis=1)
        return self.run(feeds, np.asarray(target, np.int64))

    def run(self, feeds, target):
        feeds = {**feeds, "target": target}
        return self.session.run(
            ["logits", "attribution"], {name: feeds[name] for name in self.inputs}
        )


if __name__ == "__main__":
    explainer = Explainer(sys.argv[1])
    logits, scores = explainer.explain_batch(explainer.view(Image.open(sys.argv[2])))
    print("class", logits[0].argmax(), "logit", float(logits[0].max()))
    print("attribution", scores.shape, "sum", float(scores.sum()), "largest", float(np.abs(scores).max()))
