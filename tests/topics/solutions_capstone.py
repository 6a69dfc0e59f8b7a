"""Right answers to the exercises of `capstone`, written in other ways."""

import math

import numpy as np
import torch

from tests.topics.solutions import solves

# split_by_video


@solves("split_by_video")
def films_loop(video, image, to_test):
    wanted = {int(v) for v in to_test}
    shown = {int(i) for v, i in zip(video, image, strict=True) if int(v) in wanted}
    train, test = [], []
    for n in range(len(video)):
        if int(video[n]) in wanted:
            test.append(n)
        elif int(image[n]) not in shown:
            train.append(n)
    return np.array(train, dtype=int), np.array(test, dtype=int)


@solves("split_by_video")
def films_tables(video, image, to_test):
    test = (video[:, None] == np.asarray(to_test)[None]).any(1)
    shares = (image[:, None] == image[test][None]).any(1) if test.any() else np.zeros_like(test)
    rows = np.arange(len(video))
    return rows[~(test | shares)], rows[test]


@solves("split_by_video")
def films_sets(video, image, to_test):
    (test,) = np.where(np.isin(video, to_test))
    (known,) = np.where(np.isin(image, np.unique(image[test])))
    return np.setdiff1d(np.arange(len(video)), np.union1d(test, known)), test


# centre_of_mass


@solves("centre_of_mass")
def centre_loop(frames):
    out = []
    for frame in frames:
        total = x = y = 0.0
        for row in range(frame.shape[0]):
            for column in range(frame.shape[1]):
                total += frame[row, column]
                x += (column + 0.5) * frame[row, column]
                y += (row + 0.5) * frame[row, column]
        out.append([x / total, y / total])
    return np.array(out)


@solves("centre_of_mass")
def centre_einsum(frames):
    H, W = frames.shape[1:]
    share = frames / frames.sum((1, 2), keepdims=True)
    x = np.einsum("nhw,w->n", share, np.arange(W)) + 0.5
    return np.array([x, np.einsum("nhw,h->n", share, np.arange(H)) + 0.5]).T


@solves("centre_of_mass")
def centre_torch(frames):
    x = torch.as_tensor(frames)
    rows, columns = (torch.arange(n, dtype=x.dtype) + 0.5 for n in x.shape[1:])
    places = torch.cartesian_prod(rows, columns).flip(1)
    flat = x.flatten(1)
    return (flat @ places / flat.sum(1, keepdim=True)).numpy()


# constant_velocity


@solves("constant_velocity")
def velocity_bouncing(seen, ahead, low, high):
    out = np.zeros((len(seen), ahead, 2))
    for n in range(len(seen)):
        for axis in range(2):
            place = seen[n, -1, axis]
            speed = place - seen[n, -2, axis]
            for k in range(ahead):
                place = place + speed
                while place < low or place > high:
                    place = 2 * (low if place < low else high) - place
                    speed = -speed
                out[n, k, axis] = place
    return out


@solves("constant_velocity")
def velocity_triangle(seen, ahead, low, high):
    room = high - low
    last = np.diff(seen, axis=1)[:, -1]
    straight = np.stack([seen[:, -1] + k * last for k in range(1, ahead + 1)], 1) - low
    lap = np.mod(straight, 2 * room)
    return low + np.where(lap > room, 2 * room - lap, lap)


@solves("constant_velocity")
def velocity_arccos(seen, ahead, low, high):
    room = high - low
    k = np.arange(1, ahead + 1).reshape(1, -1, 1)
    straight = (k + 1) * seen[:, -1:] - k * seen[:, -2:-1] - low
    return low + room / math.pi * np.arccos(np.clip(np.cos(math.pi * straight / room), -1, 1))


# displacement_error


@solves("displacement_error")
def ruler_loop(guess, truth):
    N, K, _ = guess.shape
    return np.array(
        [sum(math.dist(guess[n, k], truth[n, k]) for n in range(N)) / N for k in range(K)]
    )


@solves("displacement_error")
def ruler_norm(guess, truth):
    return np.linalg.norm(truth - guess, axis=2).mean(0)


@solves("displacement_error")
def ruler_complex(guess, truth):
    miss = guess - truth
    return np.abs(miss[..., 0] + 1j * miss[..., 1]).sum(0) / len(guess)


# error_by_slice


@solves("error_by_slice")
def slice_loop(error, group):
    table = {}
    for e, g in zip(error, group, strict=True):
        table.setdefault(int(g), []).append(float(e))
    names = sorted(table)
    return (
        np.array(names),
        np.array([sum(table[n]) / len(table[n]) for n in names]),
        np.array([len(table[n]) for n in names]),
    )


@solves("error_by_slice")
def slice_bincount(error, group):
    names, where, counts = np.unique(group, return_inverse=True, return_counts=True)
    return names, np.bincount(where.ravel(), error) / counts, counts


@solves("error_by_slice")
def slice_sorted(error, group):
    order = np.argsort(group, kind="stable")
    names, start = np.unique(group[order], return_index=True)
    counts = np.diff(np.append(start, len(group)))
    return names, np.add.reduceat(error[order], start) / counts, counts


# paired_interval


@solves("paired_interval")
def interval_loop(ours, theirs, draws):
    means = []
    for draw in draws:
        means.append(sum(ours[i] - theirs[i] for i in draw) / len(draw))
    return np.mean(ours) - np.mean(theirs), np.quantile(means, 0.025), np.quantile(means, 0.975)


@solves("paired_interval")
def interval_of_means(ours, theirs, draws):
    means = ours[draws].mean(1) - theirs[draws].mean(1)
    low, high = np.percentile(means, (2.5, 97.5))
    return float(np.mean(ours - theirs)), low, high


@solves("paired_interval")
def interval_of_counts(ours, theirs, draws):
    counts = np.stack([np.bincount(d, minlength=len(ours)) for d in draws])
    means = counts @ (ours - theirs) / draws.shape[1]
    return (ours - theirs).sum() / len(ours), *np.quantile(means, (0.025, 0.975))


# alarm_rate


@solves("alarm_rate")
def alarm_loop(calm, new, share):
    threshold = np.quantile(calm, 1 - share)
    return threshold, sum(1 for value in new if value > threshold) / len(new)


@solves("alarm_rate")
def alarm_percentile(calm, new, share):
    threshold = np.percentile(calm, 100 - 100 * share)
    return threshold, np.count_nonzero(new > threshold) / new.size


@solves("alarm_rate")
def alarm_by_hand(calm, new, share):
    ordered = np.sort(calm)
    at = (1 - share) * (len(ordered) - 1)
    below = int(np.floor(at))
    above = min(below + 1, len(ordered) - 1)
    threshold = ordered[below] + (at - below) * (ordered[above] - ordered[below])
    return threshold, 1 - np.mean(new <= threshold)


# read_film


@solves("read_film")
def film_by_moments(eye, film):
    return torch.stack([eye(film[:, t]) for t in range(film.shape[1])], dim=1)


@solves("read_film")
def film_by_films(eye, film):
    return torch.stack([eye(one) for one in film])


@solves("read_film")
def film_flattened(eye, film):
    return eye(film.flatten(0, 1)).unflatten(0, film.shape[:2])
