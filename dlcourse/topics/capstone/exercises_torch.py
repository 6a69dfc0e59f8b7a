"""An exercise on frames and films in PyTorch."""

import numpy as np
import torch

from ...teach.exercise import Case, Exercise, Wrong

# --- read_film -----------------------------------------------------------------------------------


def read_film(eye, film):
    """What `eye`, made for frames (N, C, H, W), gives for a film (B, T, C, H, W): (B, T, F)."""
    B, T = film.shape[:2]
    frames = film.reshape(B * T, *film.shape[2:])  #: every frame is an example of its own
    features = eye(frames)  #: (B*T, F)
    return features.reshape(B, T, -1)  #: back to films, in the same order


def _eye(frames):
    """Three numbers of each frame by itself, none of them alike."""
    if frames.dim() != 4:
        raise ValueError(f"This eye reads frames (N, C, H, W), not {tuple(frames.shape)}.")
    if frames.shape[1] != 2:
        raise ValueError(f"This eye reads frames of 2 channels, not {frames.shape[1]}.")
    first, second = frames[:, 0].sum((1, 2)), frames[:, 1].sum((1, 2))
    return torch.stack([first, (second / 4).tanh(), first * second], 1)


def _drive(read_film, film: np.ndarray) -> dict:
    """The features, and the slope of their weighted sum at every pixel."""
    x = torch.from_numpy(film).requires_grad_(True)
    features = read_film(_eye, x)
    weights = torch.linspace(0.5, 2, features.numel(), dtype=x.dtype).reshape(features.shape)
    reached = features.requires_grad
    if reached:
        (features * weights).sum().backward()
    slope = x.grad if x.grad is not None else torch.zeros_like(x)
    return {
        "features": features.detach().numpy(),
        "the gradient reaches the film": bool(reached),
        "gradient": slope.numpy().copy(),
    }


def _inputs(rng: np.random.Generator, B: int, T: int, H: int, W: int) -> dict:
    return {"film": rng.normal(size=(B + 1, T + 2, 2, H, W))}


def _corners(rng: np.random.Generator) -> list[Case]:
    return [
        Case("as many films as frames", {"film": rng.normal(size=(4, 4, 2, 3, 3))}),
        Case("two films of three frames", {"film": rng.normal(size=(2, 3, 2, 2, 2))}),
    ]


def _features(eye, film):
    return eye(film.reshape(-1, *film.shape[2:]))


def _mixed(eye, film):
    B, T = film.shape[:2]
    return _features(eye, film).reshape(T, B, -1).transpose(0, 1)


def _time_first(eye, film):
    return torch.stack([eye(film[:, t]) for t in range(film.shape[1])])


def _last_only(eye, film):
    return read_film(eye, film)[:, -1:].expand(-1, film.shape[1], -1)


def _mean_frame(eye, film):
    return eye(film.mean(1))[:, None].expand(-1, film.shape[1], -1)


def _frames_left_flat(eye, film):
    return _features(eye, film)


def _cut(eye, film):
    return read_film(eye, film.detach())


def _first_film(eye, film):
    return eye(film[0])[None].expand(film.shape[0], -1, -1)


READ_FILM = Exercise(
    id="read_film",
    title="A CNN that reads films",
    asks="""`eye` is a CNN made for single frames: it turns (N, C, H, W) into features (N, F), each
frame by itself. Apply it to every frame of `film` (B, T, C, H, W), B films of T frames, and return
the features as (B, T, F): entry b, t is what the eye says of frame t of film b. The gradient must
reach the film.""",
    reference=read_film,
    inputs=_inputs,
    corners=_corners,
    drive=_drive,
    rtol=1e-6,
    wrongs=(
        Wrong(
            "films-mixed",
            _mixed,
            "**The frames of different films are mixed.** After `reshape(B * T, ...)` the frames "
            "of the first film come first, all T of them; cut them into T rows of B and the shapes "
            "fit, and each film gets frames of the others.",
            belief="S-08",
            decoy="return features.reshape(T, B, -1).transpose(0, 1)",
        ),
        Wrong(
            "time-first",
            _time_first,
            "**The axes are (T, B, F).** Films come first here, as `batch_first=True` has it; an "
            "RNN would take the films for moments.",
            belief="S-08",
        ),
        Wrong(
            "last-frame",
            _last_only,
            "**Every moment gets the features of the last frame.** At time t only frame t may be "
            "read, or the film's end is known at its beginning.",
            belief="D-11",
        ),
        Wrong(
            "mean-frame",
            _mean_frame,
            "**The frames are averaged before they are read.** A mean picture does not say in "
            "which order things happened.",
        ),
        Wrong(
            "left-flat",
            _frames_left_flat,
            "**The frames are still one long row.** An RNN needs to know where a film begins: go "
            "back to (B, T, F).",
            decoy="return features",
        ),
        Wrong(
            "cut-off",
            _cut,
            "**No gradient reaches the film.** A copy without history separates the eye from what "
            "comes before it, and a joint model could not learn end to end.",
            belief="B-18",
            decoy="features = eye(frames.detach())",
        ),
        Wrong(
            "first-film",
            _first_film,
            "**All films get the features of the first.** The shapes fit, for a stretched axis "
            "fits anywhere.",
        ),
    ),
    hints=(
        "The eye does not care how many examples it gets. What are the examples here?",
        "`reshape` cuts the same numbers anew: (B, T, ...) to (B * T, ...) keeps the order, and "
        "(B, T, -1) undoes exactly that.",
    ),
    why="""A frame is an example to the eye and a moment to the memory. Folding time into the batch
lets one CNN read all frames at once, with the same weights; unfolding it gives the RNN its sequence
back. The order must be the same both ways: shapes cannot tell.""",
    objectives=("CP-3",),
    minutes=7,
    difficulty=2,
)


EXERCISES = (READ_FILM,)
