"""What lesson 04 measures: digits read, found and outlined, each against an older method."""

import copy
import functools
import itertools
from typing import Any

import numpy as np
from scipy import ndimage
from sklearn.linear_model import LogisticRegression

from ...data import Dataset, Part, boxes_from_cells, digits
from ...teach import metrics
from ...teach.train import cosine, engine_of, fit, own_loss, predict

# Pictures ----------------------------------------------------------------------------------------


def shifted(x: np.ndarray, by: int) -> np.ndarray:
    """Pictures (..., H, W) moved to the right by so many pixels; what is left empty is zero."""
    moved = np.zeros_like(x)
    width = x.shape[-1]
    moved[..., max(by, 0) : width + min(by, 0)] = x[..., max(-by, 0) : width - max(by, 0)]
    return moved


def cluttered(canvases: Dataset, strokes: int = 3) -> Dataset:
    """The same canvases with straight bright strokes across them, drawn anew for each part."""
    train, valid, test = (
        _cluttered(part, np.random.default_rng([40, i]), strokes)
        for i, part in enumerate((canvases.train, canvases.valid, canvases.test))
    )
    return Dataset("cluttered", train, valid, test, canvases.labels)


def _cluttered(part: Part, rng: np.random.Generator, strokes: int) -> Part:
    x = part.x.copy()
    for image, _ in itertools.product(x[:, 0], range(strokes)):
        begin, end = rng.uniform(0, len(image) - 1, (2, 2))
        rows, columns = np.linspace(begin, end, 2 * len(image)).round().astype(int).T
        image[rows, columns] = np.maximum(image[rows, columns], rng.uniform(0.5, 1))
    return Part(x, part.y, part.extra)


def joined(*sets: Dataset) -> Dataset:
    """Several sets of canvases as one."""

    def both(name: str) -> Part:
        parts = [getattr(s, name) for s in sets]
        extra = {k: np.concatenate([p[k] for p in parts]) for k in parts[0].extra}
        x, y = (np.concatenate([p[k] for p in parts]) for k in ("x", "y"))
        return Part(x, y, extra)

    return Dataset("joined", both("train"), both("valid"), both("test"), sets[0].labels)


# Reading digits ----------------------------------------------------------------------------------


def reader(model: Any, d: Dataset, seed: int, epochs: int = 12, lr: float = 1e-2) -> Any:
    """Train `model` on the digits, whose shape must be what the model reads; gives its history."""
    batches = d.train.batches(32, seed=seed)
    schedule = cosine(epochs * len(batches))
    return fit(model, batches, lr=lr, epochs=epochs, schedule=schedule, seed=seed)


def start(torch: Any, model: Any, seed: int, *args: Any, **options: Any) -> Any:
    """A fresh model whose weights the seed decides."""
    torch.manual_seed(seed)
    return model(torch)(*args, **options)


# Finding digits ----------------------------------------------------------------------------------

Found = list[tuple[np.ndarray, np.ndarray, np.ndarray]]  # boxes, kinds and scores of each picture


def train_detector(model: Any, train: Part, seed: int, epochs: int = 6, lr: float = 8e-3) -> Any:
    """Train a `Detector` on canvases; gives its history."""
    batches = train.batches(16, "x", "present", "places", "labels", seed=seed)
    schedule = cosine(epochs * len(batches), warm_up=20)
    return fit(model, batches, loss=own_loss, lr=lr, epochs=epochs, schedule=schedule, seed=seed)


def find(model: Any, x: np.ndarray) -> Found:
    """What the detector finds: each cell that is more sure than not claims one object."""
    out = predict(model, x)  # (N, S, S, 15)
    sure = 1 / (1 + np.exp(-out[..., 0]))
    boxes, kinds = boxes_from_cells(out[..., 1:5]), out[..., 5:].argmax(-1)
    return [
        (b[s > 0.5], k[s > 0.5], s[s > 0.5]) for b, k, s in zip(boxes, kinds, sure, strict=True)
    ]


class Components:
    """The classical way to find digits: a threshold, connected pieces, a linear reader of crops.

    `tuned` chooses the threshold and the smallest height of a piece.
    """

    def __init__(self, threshold: float = 0.4, height: int = 6, seed: int = 0):
        self.threshold, self.height = threshold, height
        self.reads = LogisticRegression(max_iter=1000).fit(*digits(seed).train)

    def tuned(self, part: Part) -> "Components":
        """Set to what finds best in `part`, which must not be the test."""
        choices = list(itertools.product((0.3, 0.4, 0.5, 0.6), (4, 6, 8)))
        scores = []
        for self.threshold, self.height in choices:
            scores.append(f1(part, self.find(part.x)))
        self.threshold, self.height = choices[int(np.argmax(scores))]
        return self

    def find(self, x: np.ndarray) -> Found:
        """Boxes, kinds and scores (all 1) in each picture of x (N, 1, H, W)."""
        return [self._find(image) for image in x[:, 0]]

    def _find(self, image: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        labelled: Any = ndimage.label(image > self.threshold, structure=np.ones((3, 3)))
        windows = [
            (rows, columns)
            for rows, columns in ndimage.find_objects(labelled[0])
            if rows.stop - rows.start >= self.height and columns.stop - columns.start >= 2
        ]
        boxes = [(c.start, r.start, c.stop, r.stop) for r, c in windows]
        crops = np.array([_crop(image[w]) for w in windows]).reshape(-1, 64)
        kinds = self.reads.predict(crops) if len(crops) else np.zeros(0, int)
        return np.array(boxes, float).reshape(-1, 4), kinds, np.ones(len(boxes))


def _crop(window: np.ndarray) -> np.ndarray:
    """A window at the height of a digit, centred in 8 x 8."""
    height = window.shape[0]
    small = np.asarray(ndimage.zoom(window, (8 / height, 8 / height), order=1))[:8, :8]
    square = np.zeros((8, 8), np.float32)
    left = (8 - small.shape[1]) // 2
    square[: small.shape[0], left : left + small.shape[1]] = small
    return square


def f1(part: Part, found: Found) -> float:
    """F1 of all finds of a part; a find counts with the right kind and an IoU of 0.5 or more."""
    total = metrics.Detections(0, 0, 0)
    for (boxes, kinds, sure), true, names in zip(found, part["boxes"], part["kinds"], strict=True):
        real = names >= 0
        total += metrics.match_boxes(boxes, kinds, sure, true[real], names[real])
    return total.f1


def box_iou(part: Part, found: Found) -> float:
    """The mean over all true boxes of the best IoU that a find has with it; 0 where none has."""
    best = []
    for (boxes, _, _), true, names in zip(found, part["boxes"], part["kinds"], strict=True):
        overlaps = metrics.box_iou(true[names >= 0], boxes)  # (true, found)
        best += overlaps.max(1, initial=0).tolist()
    return float(np.mean(best))


# Outlining digits --------------------------------------------------------------------------------


def ink_loss(model: Any, x: Any, y: Any) -> Any:
    """The mean cross-entropy of each pixel's two logits (B, 2, H, W) against ink or not."""
    return engine_of(model).nn.functional.cross_entropy(model(x), y)


def train_outliner(model: Any, train: Part, seed: int, epochs: int = 2, lr: float = 1e-2) -> Any:
    """Train a `UNet` with two classes on which pixels belong to a digit; gives its history."""
    ink = Part(train.x, (train.y > 0).astype(np.int64))
    batches = ink.batches(16, seed=seed)
    schedule = cosine(epochs * len(batches), warm_up=20)
    return fit(model, batches, loss=ink_loss, lr=lr, epochs=epochs, schedule=schedule, seed=seed)


def ink_iou(guess: np.ndarray, part: Part) -> float:
    """IoU of the pixels that are called ink (N, H, W) with those that are."""
    return float(metrics.mask_iou(guess.astype(int), (part.y > 0).astype(int), 2)[1])


def best_threshold(part: Part) -> float:
    """The grey value whose threshold outlines `part` best; the part must not be the test."""
    grid = np.linspace(0.2, 0.6, 9)
    return float(grid[np.argmax([ink_iou(part.x[:, 0] > t, part) for t in grid])])


# Depth -------------------------------------------------------------------------------------------


@functools.cache
def Stack(torch: Any) -> Any:
    """Many equal convolutions in a row, with or without a shortcut around each."""
    nn, F = torch.nn, torch.nn.functional

    class Stack(nn.Module):
        def __init__(self, depth=24, shortcut=True, channels=8):
            super().__init__()
            self.shortcut = shortcut
            self.enter = nn.Conv2d(1, channels, 3, padding=1)
            layers = [nn.Conv2d(channels, channels, 3, padding=1) for _ in range(depth)]
            self.layers = nn.ModuleList(layers)
            self.head = nn.Linear(channels, 10)

        def inner(self, x):  # (B, 1, H, W)
            """The values before each layer, and those after the last."""
            values = [self.enter(x)]
            for layer in self.layers:
                y = layer(F.relu(values[-1]))  # (B, C, H, W)
                values.append(values[-1] + y if self.shortcut else y)
            return values

        def read(self, x):  # (B, C, H, W)
            return self.head(F.relu(x).mean((2, 3)))  # (B, 10)

        def forward(self, x):
            return self.read(self.inner(x)[-1])

    return Stack


def gradient_sizes(torch: Any, stack: Any, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The root mean square of the loss's gradient by the values before each layer."""
    values = stack.inner(torch.tensor(x))
    for value in values:
        value.retain_grad()
    logits = stack.read(values[-1])
    torch.nn.functional.cross_entropy(logits, torch.tensor(y)).backward()
    return np.array([float((v.grad**2).mean().sqrt()) for v in values])


def in_training_mode(model: Any, part: Part, size: int = 32) -> float:
    """Accuracy where batch norm wrongly takes the statistics of each batch, on a copy of `model`.

    The examples come in the order of their labels, so that a batch shows one or two classes.
    """
    model = copy.deepcopy(model).train()
    order = np.argsort(part.y, kind="stable")
    torch = engine_of(model)
    with torch.no_grad():
        logits = [
            model(torch.tensor(part.x[order[i : i + size]])).numpy()
            for i in range(0, len(order), size)
        ]
    return metrics.accuracy(np.concatenate(logits), part.y[order])
