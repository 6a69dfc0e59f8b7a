"""Exercises on the walk of a project: splits, rules to beat, measures, comparison, watching."""

import numpy as np

from ...teach.exercise import Case, Exercise, Property, Wrong

# --- split_by_video ------------------------------------------------------------------------------


def split_by_video(video, image, to_test):
    """Frame numbers (train, test), each rising; what shares a video or an image with test is out
    of train."""
    test = np.isin(video, to_test)  #: all frames of a test video
    known = np.isin(image, image[test])  #: frames that show a handwriting of the test part
    train = ~test & ~known  #: the frames that share nothing with the test part
    return np.flatnonzero(train), np.flatnonzero(test)


def _split_inputs(rng: np.random.Generator, V: int, F: int) -> dict:
    count = V + 5
    shows = np.concatenate([[90, 90, 91, 91, 92], 93 + rng.integers(0, V, V)])
    names = rng.permutation(np.arange(10, 10 + count))
    video = np.repeat(np.arange(count), F + 1)
    rng.shuffle(video)
    return {
        "video": names[video],
        "image": shows[video],
        "to_test": np.array([names[0], names[2], *names[5 : 5 + V // 3]]),
    }


def _split_corners(rng: np.random.Generator) -> list[Case]:
    video = np.array([3, 3, 5, 5, 8, 8, 9])
    image = np.array([40, 40, 41, 41, 40, 40, 42])
    return [
        Case("an image in two videos", {"video": video, "image": image, "to_test": np.array([3])}),
        Case("a video without company", {"video": video, "image": image, "to_test": np.array([9])}),
        Case("two videos", {"video": video, "image": image, "to_test": np.array([5, 3])}),
    ]


def _by_video_only(video, image, to_test):
    test = np.isin(video, to_test)
    return np.flatnonzero(~test), np.flatnonzero(test)


def _last_frames(video, image, to_test):
    count = int(np.isin(video, to_test).sum())
    rows = np.arange(len(video))
    return rows[: len(rows) - count], rows[len(rows) - count :]


def _drag_along(video, image, to_test):
    test = np.isin(image, image[np.isin(video, to_test)])
    return np.flatnonzero(~test), np.flatnonzero(test)


def _out_of_both(video, image, to_test):
    test = np.isin(video, to_test)
    other = np.isin(image, image[~test])
    train, _ = split_by_video(video, image, to_test)
    return train, np.flatnonzero(test & ~other)


def _masks(video, image, to_test):
    test = np.isin(video, to_test)
    return ~test & ~np.isin(image, image[test]), test


SPLIT_BY_VIDEO = Exercise(
    id="split_by_video",
    title="Nothing of a film on both sides",
    asks="""Frames were taken from films. For each of N frames, `video` (N,) says from which film it
is, and `image` (N,) which handwritten digit moves in it; the same digit may move in several films.
`to_test` lists the films for testing. Return two arrays of **frame numbers**, both rising:

- `train`: the frames that share **neither a film nor a handwritten digit** with the test frames;
- `test`: all frames of the films in `to_test`.

Frames of other films that show a test digit are in neither part.""",
    reference=split_by_video,
    inputs=_split_inputs,
    corners=_split_corners,
    returns=("train", "test"),
    properties=(
        Property(
            "no film is on both sides",
            lambda i, parts: (
                not set(i["video"][parts["train"].astype(int)])
                & set(i["video"][parts["test"].astype(int)])
            ),
            "A film has frames on both sides: the frame before and the frame after a test frame "
            "are then known.",
        ),
    ),
    wrongs=(
        Wrong(
            "the-same-handwriting",
            _by_video_only,
            "**Films are kept apart, and handwritten digits are not.** A test film may show a "
            "digit that a training film showed too; how the model does on new handwriting stays "
            "unknown. Leave out of `train` what shares `image` with the test frames.",
            belief="D-10",
            see="leak-detector#copies-first",
            decoy="train = ~test",
        ),
        Wrong(
            "frames-not-films",
            _last_frames,
            "**The frames are cut at a place.** A film with frames before and after the cut is on "
            "both sides, and its neighbouring frames are nearly the same picture.",
            belief="D-11",
            decoy="test = np.arange(len(video)) >= len(video) - len(to_test)",
        ),
        Wrong(
            "drags-films-along",
            _drag_along,
            "**Films that nobody listed are tested on.** The test part is exactly the films of "
            "`to_test`; others that share a digit with them are dropped.",
            decoy="test = np.isin(image, image[np.isin(video, to_test)])",
        ),
        Wrong(
            "dropped-from-test",
            _out_of_both,
            "**Frames are missing from the test part.** A shared digit is taken out of *training*. "
            "Choosing the test frames by what training has would make the test easier or harder "
            "with every change of the training films.",
            belief="D-13",
        ),
        Wrong(
            "exchanged",
            lambda video, image, to_test: split_by_video(video, image, to_test)[::-1],
            "**The two parts are exchanged.** First the frames to train on, then those to test on.",
        ),
        Wrong(
            "masks",
            _masks,
            "**These are True and False for every frame.** Frame numbers are asked for: "
            "`np.flatnonzero` turns one into the other.",
            decoy="return train, test",
        ),
    ),
    hints=(
        "First find the test frames. Which handwritten digits do they show?",
        "`np.isin` compares every entry of an array with a list; the list here is what the test "
        "frames show.",
        "Training frames are those which are neither test frames nor show such a digit.",
    ),
    why="""A split is a promise about use: the eye will meet new films and new handwriting, so both
must be new in the test. Frames of one film are near copies of each other, and films of one digit
share its shape. What belongs together goes to one side, or is left out.""",
    objectives=("CP-1",),
    minutes=7,
    difficulty=2,
    equivalent={
        "train = ~test & ~known -> train = ~known & ~test": "both must hold, in either order",
    },
)


# --- centre_of_mass ------------------------------------------------------------------------------


def centre_of_mass(frames):
    """The centre of the ink of frames (N, H, W), in pixels from the left and the top: (N, 2)."""
    _, H, W = frames.shape
    x = np.arange(W) + 0.5  #: the middles of the columns
    y = np.arange(H) + 0.5  #: the middles of the rows
    total = frames.sum(axis=(1, 2))  #: all ink of each frame
    across = (frames.sum(axis=1) * x).sum(axis=1) / total  #: columns, weighed by their ink
    down = (frames.sum(axis=2) * y).sum(axis=1) / total
    return np.stack([across, down], axis=1)  #: first x, then y


def _ink(rng: np.random.Generator, N: int, H: int, W: int) -> np.ndarray:
    frames = rng.uniform(0.05, 1, (N, H + 1, W + 2)) * rng.integers(0, 2, (N, H + 1, W + 2))
    frames[:, 0, 0] += rng.uniform(0.3, 0.9, N)  # never empty, never even
    frames[:, -1, -1] += 2.5
    return frames


def _ink_corners(rng: np.random.Generator) -> list[Case]:
    dot = np.zeros((1, 4, 7))
    dot[0, 1, 5] = 0.5
    return [Case("a single pixel", {"frames": dot})]


def _weighed(x_of, y_of, total_of):
    """A known-wrong variant that weighs other places, or divides by something else."""

    def wrong(frames):
        _, H, W = frames.shape
        total = total_of(frames)
        across = (frames.sum(axis=1) * x_of(W)).sum(axis=1) / total
        down = (frames.sum(axis=2) * y_of(H)).sum(axis=1) / total
        return np.stack([across, down], axis=1)

    return wrong


def _middles(n):
    return np.arange(n) + 0.5


def _all_ink(frames):
    return frames.sum(axis=(1, 2))


def _brightest(frames):
    N, _, W = frames.shape
    at = frames.reshape(N, -1).argmax(axis=1)
    return np.stack([at % W + 0.5, at // W + 0.5], axis=1)


CENTRE_OF_MASS = Exercise(
    id="centre_of_mass",
    title="Where is the ink?",
    asks="""`frames` (N, H, W) are pictures with ink of 0 or more; none is empty. Return the centre
of mass of each, (N, 2): first `x`, from the left edge, then `y`, from the top edge, in pixels. A
pixel weighs as much as its ink, and its place is its **middle**: the pixel in row 0 and column 0
lies at (0.5, 0.5).""",
    reference=centre_of_mass,
    inputs=lambda rng, N, H, W: {"frames": _ink(rng, N, H, W)},
    corners=_ink_corners,
    properties=(
        Property(
            "every centre lies within the picture",
            lambda i, parts: bool(
                np.all(next(iter(parts.values())) >= 0)
                and np.all(next(iter(parts.values())) <= max(i["frames"].shape[1:]))
            ),
            "A centre lies outside of the picture, and a mean of places cannot.",
        ),
    ),
    wrongs=(
        Wrong(
            "rows-first",
            lambda frames: centre_of_mass(frames)[:, ::-1],
            "**x and y are exchanged.** The last axis of a picture runs from left to right, so x "
            "comes from the columns: sum over the rows first.",
            belief="V-10",
            decoy="return np.stack([down, across], axis=1)",
        ),
        Wrong(
            "corner-of-pixel",
            _weighed(np.arange, np.arange, _all_ink),
            "**Half a pixel is missing.** You weigh the left and upper edges of the pixels; a "
            "pixel lies at its middle, half a pixel further.",
            belief="V-03",
            decoy="x = np.arange(W)",
        ),
        Wrong(
            "mean-ink",
            _weighed(_middles, _middles, lambda f: np.full(len(f), f.shape[1] * f.shape[2])),
            "**You divide by the number of pixels.** The weights must sum to one: divide by the "
            "ink of the frame, or a pale frame lies near the corner.",
            decoy="total = H * W",
        ),
        Wrong(
            "all-frames",
            _weighed(_middles, _middles, lambda f: f.sum()),
            "**You divide by the ink of all frames together.** Each frame has its own total: sum "
            "over the axes 1 and 2.",
            belief="T-05",
            decoy="total = frames.sum()",
        ),
        Wrong(
            "every-pixel-alike",
            lambda frames: centre_of_mass((frames > 0).astype(float)),
            "**Every pixel with ink counts the same.** Its ink is its weight; a trace of grey must "
            "not pull as much as a black stroke.",
        ),
        Wrong(
            "brightest",
            _brightest,
            "**That is the place of the brightest pixel.** One noisy pixel would move it across "
            "the picture; the centre of mass takes all of the ink.",
        ),
    ),
    hints=(
        "It is a weighted mean of places. What are the weights, and what must they sum to?",
        "`frames.sum(axis=1)` is the ink of each column, (N, W). Multiply it with the middles of "
        "the columns.",
    ),
    why="""The centre of mass is a measurement without learning: one line, no training, exact on a
clean picture of one thing. It knows nothing of noise or of a second object, and there it errs;
that is what a learned eye has to beat, and where it has room to.""",
    objectives=("CP-2",),
    minutes=7,
    difficulty=2,
)


# --- constant_velocity ---------------------------------------------------------------------------


def constant_velocity(seen, ahead, low, high):
    """Centres (N, T, 2) carried on at the last speed, with walls: the next ones (N, ahead, 2)."""
    now = seen[:, -1]  #: (N, 2)
    speed = seen[:, -1] - seen[:, -2]  #: the last step
    steps = np.arange(1, ahead + 1)  #: the next frame is one step away
    straight = now[:, None] + speed[:, None] * steps[:, None]  #: (N, ahead, 2)
    room = high - low
    return high - np.abs((straight - low) % (2 * room) - room)  #: folded back at the walls


def _cv_inputs(rng: np.random.Generator, N: int, T: int, A: int) -> dict:
    low, high = 4.0, 11.0
    start = rng.uniform(low, high, (N + 3, 1, 2))
    start[0], start[1], start[2] = (10.2, 4.6), (7.0, 10.5), (5.1, 8.3)
    step = rng.uniform(0.5, 1.6, (N + 3, 1, 2)) * rng.choice([-1, 1], (N + 3, 1, 2))
    step[0], step[1], step[2] = (1.5, -1.1), (0.4, 1.3), (-1.2, 0.3)
    times = np.arange(-T - 2, 1)[:, None]
    seen = start + step * times + rng.normal(0, 0.05, (N + 3, T + 3, 2))
    return {"seen": np.clip(seen, low, high), "ahead": A + 2, "low": low, "high": high}


def _cv_corners(rng: np.random.Generator) -> list[Case]:
    still = np.full((2, 3, 2), 6.0)
    fast = np.array([[[5.0, 7.0], [9.0, 6.0]]])
    away = np.array([[[7.0, 7.0], [7.25, 6.5], [7.5, 6.0]]])
    return [
        Case("nothing moves", {"seen": still, "ahead": 3, "low": 4.0, "high": 12.0}),
        Case("both walls", {"seen": fast, "ahead": 6, "low": 4.0, "high": 12.0}),
        Case("far from the walls", {"seen": away, "ahead": 2, "low": 4.0, "high": 12.0}),
    ]


def _straight(seen, ahead, first=1):
    speed = seen[:, -1] - seen[:, -2]
    return seen[:, -1][:, None] + speed[:, None] * np.arange(first, ahead + first)[:, None]


def _folded(straight, low, high):
    return high - np.abs((straight - low) % (2 * (high - low)) - (high - low))


def _whole_film(seen, ahead, low, high):
    speed = (seen[:, -1] - seen[:, 0]) / (seen.shape[1] - 1)
    straight = seen[:, -1][:, None] + speed[:, None] * np.arange(1, ahead + 1)[:, None]
    return _folded(straight, low, high)


CONSTANT_VELOCITY = Exercise(
    id="constant_velocity",
    title="Straight on, and back from the wall",
    asks="""`seen` (N, T, 2) are the centres of N things in the last T frames, T at least 2. Each
goes on as in its **last step**, and bounces at walls: `low` and `high` are the smallest and largest
place of a centre, the same along both axes. Return the places in the next 1 to `ahead` frames,
(N, ahead, 2). A thing that would be 0.3 beyond a wall is 0.3 before it, and flies the other way; on
a long way it may bounce more than once.""",
    reference=constant_velocity,
    inputs=_cv_inputs,
    corners=_cv_corners,
    properties=(
        Property(
            "no place beyond the walls",
            lambda i, parts: bool(
                np.all(next(iter(parts.values())) <= i["high"] + 1e-9)
                and np.all(next(iter(parts.values())) >= i["low"] - 1e-9)
            ),
            "Something flies through a wall.",
        ),
    ),
    wrongs=(
        Wrong(
            "no-walls",
            lambda seen, ahead, low, high: _straight(seen, ahead),
            "**It flies through the wall.** The rule is right in the open; a rule that ignores "
            "what everybody knows of the place is too weak a baseline. Fold the path back.",
            decoy="return straight",
        ),
        Wrong(
            "stuck-at-wall",
            lambda seen, ahead, low, high: np.clip(_straight(seen, ahead), low, high),
            "**It stops at the wall.** `clip` holds it there; a ball that would be 0.3 beyond the "
            "wall is 0.3 before it.",
            decoy="return np.clip(straight, low, high)",
        ),
        Wrong(
            "in-at-the-other-side",
            lambda seen, ahead, low, high: low + (_straight(seen, ahead) - low) % (high - low),
            "**It leaves on one side and comes in on the other.** A remainder alone moves in a "
            "circle; there and back again is twice the room.",
            decoy="return low + (straight - low) % room",
        ),
        Wrong(
            "from-now",
            lambda seen, ahead, low, high: _folded(_straight(seen, ahead, first=0), low, high),
            "**The first answer is where it is now.** The next frame is one step ahead: count from "
            "1 to `ahead`. As it stands, each horizon is flattered by one frame.",
            belief="S-01",
            decoy="steps = np.arange(ahead)",
        ),
        Wrong(
            "whole-film",
            _whole_film,
            "**The speed is the mean over the whole film.** If it bounced on the way, there and "
            "back cancel. The last step knows where it is going now.",
            decoy="speed = (seen[:, -1] - seen[:, 0]) / (seen.shape[1] - 1)",
        ),
        Wrong(
            "backwards",
            lambda seen, ahead, low, high: _folded(
                seen[:, -1][:, None]
                + (seen[:, -2] - seen[:, -1])[:, None] * np.arange(1, ahead + 1)[:, None],
                low,
                high,
            ),
            "**It flies back where it came from.** A step is the last place less the one before.",
            decoy="speed = seen[:, -2] - seen[:, -1]",
        ),
    ),
    hints=(
        "First without walls: now, plus 1, 2, ... `ahead` times the last step. Mind the shapes: "
        "(N, 1, 2) and (ahead, 1).",
        "With a remainder by `2 * room` the path is there and back; the distance from the middle "
        "of that, `abs(... - room)`, folds it.",
    ),
    why="""Two frames and a line: on real pedestrians this rule has beaten learned models (Schöller
et al., 2020). A baseline like this costs minutes, says how hard the question is, and shows where a
model earns its place: where the rule's assumptions fail.""",
    objectives=("CP-2",),
    minutes=9,
    difficulty=3,
    equivalent={
        "return high - np.abs((straight - low) % (2 * room) - room) -> "
        "return high - np.abs((low - straight) % (2 * room) - room)": "there and back is the same "
        "from either end",
        "return high - np.abs((straight - low) % (2 * room) - room) -> "
        "return high - np.abs(room - (straight - low) % (2 * room))": "a distance has no sign",
        "room = high - low -> room = low - high": "the remainder changes by twice the room, and "
        "the room by its sign",
    },
)


# --- displacement_error --------------------------------------------------------------------------


def displacement_error(guess, truth):
    """The mean distance of guess and truth (N, K, 2) at each of K horizons: (K,)."""
    miss = guess - truth  #: (N, K, 2)
    distance = np.sqrt((miss**2).sum(axis=-1))  #: one distance a film and horizon, (N, K)
    return distance.mean(axis=0)  #: over the films


def _error_inputs(rng: np.random.Generator, N: int, K: int) -> dict:
    truth = rng.uniform(4, 12, (N + 2, K + 1, 2))
    spread = np.linspace(0.3, 2, K + 1)[:, None] * rng.uniform(0.5, 2, (N + 2, 1, 1))
    return {"guess": truth + spread * rng.normal(size=truth.shape), "truth": truth}


def _error_corners(rng: np.random.Generator) -> list[Case]:
    truth, apart = np.full((2, 2, 2), 5.0), np.array([[[1.0, 0]], [[-2.0, 0]]])
    return [
        Case(
            "three to the right, four down", {"guess": truth + np.array([3.0, 4.0]), "truth": truth}
        ),
        Case("left and right", {"guess": truth + apart, "truth": truth}),
    ]


DISPLACEMENT_ERROR = Exercise(
    id="displacement_error",
    title="How far off, and how far ahead",
    asks="""`guess` and `truth` (N, K, 2) are places in pixels of N films, 1 to K frames ahead.
Return the **displacement error** at each horizon, (K,): the distance between guess and truth as one
measures it with a ruler, averaged over the films.""",
    reference=displacement_error,
    inputs=_error_inputs,
    corners=_error_corners,
    wrongs=(
        Wrong(
            "squared",
            lambda guess, truth: ((guess - truth) ** 2).sum(-1).mean(0),
            "**These are squared pixels.** Without the root the number is no distance, and one "
            "large miss outweighs many small ones.",
            decoy="distance = (miss**2).sum(axis=-1)",
        ),
        Wrong(
            "root-of-mean",
            lambda guess, truth: np.sqrt(((guess - truth) ** 2).sum(-1).mean(0)),
            "**The root is taken after the mean.** That is the root mean square; it is larger "
            "wherever the films differ. First a distance for each film, then their mean.",
            decoy="return np.sqrt((miss**2).sum(axis=-1).mean(axis=0))",
        ),
        Wrong(
            "per-coordinate",
            lambda guess, truth: np.abs(guess - truth).mean((0, 2)),
            "**x and y are averaged.** Three to the right and four down is five away, not three "
            "and a half.",
            decoy="distance = np.abs(miss).mean(axis=-1)",
        ),
        Wrong(
            "around-the-block",
            lambda guess, truth: np.abs(guess - truth).sum(-1).mean(0),
            "**x and y are added.** That is the way around the corner: three and four make five "
            "along the straight line.",
        ),
        Wrong(
            "one-number",
            lambda guess, truth: np.linalg.norm(guess - truth, axis=-1).mean(),
            "**The horizons are averaged into one number.** An error of one frame ahead and one of "
            "four are different promises; keep axis 1.",
            belief="D-09",
            decoy="return distance.mean()",
        ),
        Wrong(
            "per-film",
            lambda guess, truth: np.linalg.norm(guess - truth, axis=-1).mean(1),
            "**That is one number a film.** The mean runs over the films, axis 0; the horizons "
            "stay.",
            decoy="return distance.mean(axis=1)",
        ),
        Wrong(
            "of-the-mean",
            lambda guess, truth: np.linalg.norm((guess - truth).mean(0), axis=-1),
            "**The misses are averaged before they are measured.** One to the left and one to the "
            "right then cancel, and a model that always misses looks perfect.",
        ),
    ),
    hints=(
        "Which axis holds x and y? The distance uses that axis up.",
        "`np.linalg.norm(..., axis=-1)`, or a root of a sum of squares.",
    ),
    why="""The measure is part of the question. A distance in pixels can be compared with what
matters (how wide is the thing? how far may it be off?), and one number for each horizon shows how
fast the future becomes unknowable. It is not what the model was trained on, and need not be.""",
    objectives=("CP-4",),
    minutes=5,
    difficulty=1,
    equivalent={
        "miss = guess - truth -> miss = truth - guess": "a distance has no direction",
    },
)


# --- error_by_slice ------------------------------------------------------------------------------


def error_by_slice(error, group):
    """(names, means, counts): the mean error (N,) of each group (N,), in rising order of names."""
    names = np.unique(group)
    members = group == names[:, None]  #: (G, N): who belongs to which group
    counts = members.sum(axis=1)  #: how many films each mean rests on
    means = (members * error).sum(axis=1) / counts  #: over its own films
    return names, means, counts


def _slice_inputs(rng: np.random.Generator, N: int, G: int) -> dict:
    group = np.concatenate([np.arange(G + 2), rng.integers(0, G + 1, 2 * N + 1), [0, 0, 0]])
    group = 3 * rng.permutation(group) + 2
    return {"error": rng.uniform(0.2, 1, len(group)) * (1 + group / 5), "group": group}


def _slice_corners(rng: np.random.Generator) -> list[Case]:
    rare = {"error": np.array([1.0, 1, 1, 9]), "group": np.array([4, 4, 4, 7])}
    return [
        Case("one rare group", rare),
        Case("one group", {"error": np.array([0.5, 1.5]), "group": np.array([1, 1])}),
    ]


def _means(error, group):
    return np.array([error[group == g].mean() for g in np.unique(group)])


def _sliced(means, counts):
    """A known-wrong variant: other means, or other counts."""

    def wrong(error, group):
        names = np.unique(group)
        return names, means(error, group), counts(error, group)

    return wrong


def _counts(error, group):
    return np.unique(group, return_counts=True)[1]


def _in_order_met(error, group):
    _, first = np.unique(group, return_index=True)
    names = group[np.sort(first)]
    members = group == names[:, None]
    return names, (members * error).sum(1) / members.sum(1), members.sum(1)


ERROR_BY_SLICE = Exercise(
    id="error_by_slice",
    title="Whom does the mean hide?",
    asks="""`error` (N,) is the error of each film, and `group` (N,) the number of the group it
belongs to. Return three arrays with one entry for each group that occurs, in rising order of the
group's number:

- `names`: the numbers of the groups;
- `means`: the mean error of the films in the group;
- `counts`: how many films that are.""",
    reference=error_by_slice,
    inputs=_slice_inputs,
    corners=_slice_corners,
    returns=("names", "means", "counts"),
    properties=(
        Property(
            "the counts add up to all films",
            lambda i, parts: int(parts["counts"].sum()) == len(i["error"]),
            "The counts do not add up to the number of films.",
        ),
    ),
    wrongs=(
        Wrong(
            "mean-of-all",
            _sliced(
                lambda e, g: np.array([e[g == n].sum() for n in np.unique(g)]) / len(e), _counts
            ),
            "**Each group's sum is divided by all films.** A rare group then looks harmless "
            "because it is rare. Divide by the films of the group.",
            belief="D-09",
            decoy="means = (members * error).sum(axis=1) / len(error)",
        ),
        Wrong(
            "sums",
            _sliced(lambda e, g: np.array([e[g == n].sum() for n in np.unique(g)]), _counts),
            "**These are sums.** A common group looks bad because it is common.",
            decoy="means = (members * error).sum(axis=1)",
        ),
        Wrong(
            "shares",
            _sliced(_means, lambda e, g: _counts(e, g) / len(e)),
            "**The counts are shares.** Three films and three hundred can be the same share; how "
            "far a mean can be trusted depends on the number.",
            decoy="counts = members.mean(axis=1)",
        ),
        Wrong(
            "as-they-come",
            _in_order_met,
            "**The groups stand in the order in which they occur.** In another data set they would "
            "stand in another one. `np.unique` sorts them.",
        ),
        Wrong(
            "others",
            _sliced(
                lambda e, g: np.array(
                    [e[g != n].mean() if (g != n).any() else np.nan for n in np.unique(g)]
                ),
                _counts,
            ),
            "**These are the means of all the *other* films.** A group's own films are asked for.",
            decoy="members = group != names[:, None]",
        ),
        Wrong(
            "worst",
            _sliced(lambda e, g: np.array([e[g == n].max() for n in np.unique(g)]), _counts),
            "**That is the worst film of each group.** It depends on how many films there are: a "
            "larger group has a worse worst. The mean is asked for.",
        ),
    ),
    hints=(
        "Compare every film with every name: names as a column, (G, 1), against films as a row.",
        "A sum of True and False is a count.",
    ),
    why="""One mean hides who pays for it. A table by slice shows where a model fails, and the count
beside each mean shows how much to believe: a mean of five films is a rumour. Choose the slices
before you look, by what happens in the world, or some slice will look bad by chance.""",
    objectives=("CP-4",),
    minutes=7,
    difficulty=2,
)


# --- paired_interval -----------------------------------------------------------------------------


def paired_interval(ours, theirs, draws):
    """(difference, low, high): mean error ours - theirs with its 95 % bootstrap interval."""
    gaps = ours - theirs  #: one difference a film
    means = gaps[draws].mean(axis=1)  #: (R,): the mean in each redrawn test set
    low, high = np.quantile(means, [0.025, 0.975])  #: what the middle 95 % of them span
    return gaps.mean(), low, high


def _paired_inputs(rng: np.random.Generator, N: int, R: int) -> dict:
    count, hard = 3 * N + 5, rng.exponential(2, 3 * N + 5)  # some films are hard for both
    theirs = hard + rng.uniform(0, 0.6, count)
    ours = hard + rng.uniform(0, 0.4, count)
    return {"ours": ours, "theirs": theirs, "draws": rng.integers(0, count, (10 * R + 30, count))}


def _paired_corners(rng: np.random.Generator) -> list[Case]:
    same, worse = rng.uniform(0.5, 2, 6), rng.uniform(0, 1, 6)
    draws = rng.integers(0, 6, (40, 6))
    return [
        Case("no difference", {"ours": same, "theirs": same.copy(), "draws": draws}),
        Case("better on every film", {"ours": same - 0.25, "theirs": same, "draws": draws}),
        Case("worse on most", {"ours": same + worse, "theirs": same, "draws": draws}),
    ]


def _interval(means_of, ends=(0.025, 0.975)):
    """A known-wrong variant: other means in the redrawn sets, or other ends."""

    def wrong(ours, theirs, draws):
        low, high = np.quantile(means_of(ours, theirs, draws), ends)
        return (ours - theirs).mean(), low, high

    return wrong


def _means_of(ours, theirs, draws):
    return (ours - theirs)[draws].mean(1)


def _normal(ours, theirs, draws):
    gaps = ours - theirs
    reach = 1.96 * gaps.std(ddof=1)
    return gaps.mean(), gaps.mean() - reach, gaps.mean() + reach


def _ratio(ours, theirs, draws):
    means = ours[draws].mean(1) / theirs[draws].mean(1)
    low, high = np.quantile(means, [0.025, 0.975])
    return ours.mean() / theirs.mean(), low, high


def _turned(ours, theirs, draws):
    return paired_interval(theirs, ours, draws)


PAIRED_INTERVAL = Exercise(
    id="paired_interval",
    title="Is it better, or luckier?",
    asks="""`ours` and `theirs` (N,) are the errors of two models on the **same** N test films. How
far could their difference have come out otherwise with other films? The bootstrap answers by
redrawing: each row of `draws` (R, N) lists N film numbers, drawn with repeats; it is one test set
that might have been. Return

- `difference`: the mean of `ours - theirs` over the films as they are (negative: ours is better);
- `low` and `high`: the 2.5 % and 97.5 % quantiles (`np.quantile`) of that mean over the R redrawn
  test sets. In each of them both models meet the same films.""",
    reference=paired_interval,
    inputs=_paired_inputs,
    corners=_paired_corners,
    returns=("difference", "low", "high"),
    properties=(
        Property(
            "low is not above high",
            lambda i, parts: bool(parts["low"] <= parts["high"]),
            "The interval's ends are exchanged.",
        ),
    ),
    wrongs=(
        Wrong(
            "unpaired",
            _interval(lambda a, b, d: a[d].mean(1) - b[np.roll(d, 1, axis=0)].mean(1)),
            "**The two models meet different films.** A hard film is hard for both; paired, that "
            "part cancels. Apart, it stays in the interval and hides a difference that is there.",
            belief="D-12",
        ),
        Wrong(
            "single-films",
            _interval(lambda a, b, d: a - b),
            "**That is how single films scatter.** The question is how the *mean* of N films "
            "would vary, and a mean varies much less.",
            decoy="means = gaps",
        ),
        Wrong(
            "deviation",
            _normal,
            "**About two standard deviations of single films.** The interval of their mean is "
            "narrower, by the root of N; and `draws` was not used.",
        ),
        Wrong(
            "five-to-ninety-five",
            _interval(_means_of, (0.05, 0.95)),
            "**Five per cent are cut from each end.** That leaves 90 %: for 95 % it is 2.5 % on "
            "each side.",
            decoy="low, high = np.quantile(means, [0.05, 0.95])",
        ),
        Wrong(
            "extremes",
            _interval(_means_of, (0.0, 1.0)),
            "**The interval spans every redrawn set.** It would grow with the number of draws; the "
            "middle 95 % settle.",
            decoy="low, high = means.min(), means.max()",
        ),
        Wrong(
            "sign",
            _turned,
            "**The sign is turned.** The difference is ours less theirs; an error that is smaller "
            "gives a negative number.",
            decoy="gaps = theirs - ours",
        ),
        Wrong(
            "ratio",
            _ratio,
            "**That is a ratio.** It can be a good summary, but a difference in pixels was asked "
            "for.",
        ),
        Wrong(
            "ours-alone",
            _interval(lambda a, b, d: a[d].mean(1) - b.mean()),
            "**Only our errors are redrawn.** With other films the other model's errors would "
            "change too, and in the same direction.",
            belief="D-12",
        ),
    ),
    hints=(
        "What do the two models have in common on one film? Take differences first.",
        "`gaps[draws]` has the shape of `draws`: one row for each redrawn test set.",
    ),
    why="""The interval says what other test films might have shown (Efron, 1979). It does not say
what another training run would have shown: that is what seeds are for. A claim needs both, and an
interval with zero inside it claims nothing.""",
    objectives=("CP-5",),
    minutes=8,
    difficulty=3,
)


# --- alarm_rate ----------------------------------------------------------------------------------


def alarm_rate(calm, new, share):
    """(threshold, rate): a threshold that a `share` of calm values (N,) exceeds, and how many of
    new (M,) do."""
    threshold = np.quantile(calm, 1 - share)  #: set on films that are known to be as usual
    rate = (new > threshold).mean()  #: and applied to those that come in
    return threshold, rate


def _alarm_inputs(rng: np.random.Generator, N: int, M: int) -> dict:
    return {
        "calm": rng.gamma(3, 0.3, 4 * N + 9),
        "new": np.concatenate([rng.gamma(3, 0.7, 2 * M + 4), [9.0, 0.01]]),
        "share": 0.1,
    }


def _alarm_corners(rng: np.random.Generator) -> list[Case]:
    calm = np.linspace(0, 1, 21)
    return [
        Case("as usual", {"calm": calm, "new": calm.copy(), "share": 0.2}),
        Case("all far off", {"calm": calm, "new": calm + 5, "share": 0.05}),
        Case("all quiet", {"calm": calm, "new": calm * 0.1, "share": 0.05}),
    ]


def _alarmed(threshold_of, rate_of=lambda new, t: (new > t).mean()):
    """A known-wrong variant: another threshold, or another way of counting."""

    def wrong(calm, new, share):
        threshold = threshold_of(calm, new, share)
        return threshold, rate_of(new, threshold)

    return wrong


def _usual(calm, new, share):
    return np.quantile(calm, 1 - share)


ALARM_RATE = Exercise(
    id="alarm_rate",
    title="An alarm without labels",
    asks="""In use nobody tells the model where things really went. But it can be *surprised*: how
far was the digit from where it was foretold a frame ago? `calm` (N,) are surprises on validation
films, `new` (M,) those of films in use. Set a threshold that the given `share` of the calm films
exceeds (the quantile of `np.quantile`), and count. Return

- `threshold`;
- `rate`: the share of `new` that lies above it.""",
    reference=alarm_rate,
    inputs=_alarm_inputs,
    corners=_alarm_corners,
    returns=("threshold", "rate"),
    wrongs=(
        Wrong(
            "from-new",
            _alarmed(lambda calm, new, share: np.quantile(new, 1 - share)),
            "**The threshold is set on the new films.** Then the same share of them always rings, "
            "whatever has happened. What is usual must be known before.",
            belief="D-07",
            decoy="threshold = np.quantile(new, 1 - share)",
        ),
        Wrong(
            "from-both",
            _alarmed(lambda calm, new, share: np.quantile(np.concatenate([calm, new]), 1 - share)),
            "**The new films help to set the threshold.** The stranger they are, the higher it "
            "gets. Use the calm ones alone.",
            belief="D-01",
            decoy="threshold = np.quantile(np.concatenate([calm, new]), 1 - share)",
        ),
        Wrong(
            "lower-end",
            _alarmed(lambda calm, new, share: np.quantile(calm, share)),
            "**Nearly every calm film rings.** You took the lower end: a share of `share` above "
            "means a share of 1 − `share` below.",
            decoy="threshold = np.quantile(calm, share)",
        ),
        Wrong(
            "loudest",
            _alarmed(lambda calm, new, share: calm.max()),
            "**The largest calm surprise is the threshold.** One odd film decides it, and the more "
            "films one has seen the deafer the alarm becomes.",
            decoy="threshold = calm.max()",
        ),
        Wrong(
            "count",
            _alarmed(_usual, lambda new, t: (new > t).sum()),
            "**That is a number of films.** A rate can be compared from day to day: divide by all "
            "new films.",
            decoy="rate = (new > threshold).sum()",
        ),
        Wrong(
            "silent-ones",
            _alarmed(_usual, lambda new, t: (new <= t).mean()),
            "**That is the share that does *not* ring.** Large surprises are the alarming ones.",
            decoy="rate = (new <= threshold).mean()",
        ),
    ),
    hints=(
        "Which of the two arrays is known on the day when the alarm is set?",
        "`np.quantile(values, q)` is the number that a share q of the values lies below.",
    ),
    why="""A model in use meets days that nobody foresaw, and labels come late or never. A number
that needs no labels, a threshold set on usual days and a rate that is looked at: that is a monitor.
On usual days it rings at the rate you chose; ringing more often says that something has changed,
not what.""",
    objectives=("CP-6",),
    minutes=6,
    difficulty=2,
)


EXERCISES = (
    SPLIT_BY_VIDEO,
    CENTRE_OF_MASS,
    CONSTANT_VELOCITY,
    DISPLACEMENT_ERROR,
    ERROR_BY_SLICE,
    PAIRED_INTERVAL,
    ALARM_RATE,
)
