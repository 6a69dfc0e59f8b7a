"""Learning-rate schedules: each `step` writes a new `lr` into the optimizer's groups.

Most schedules are chainable: they know only the factor from the last rate to the next, so several
may act on one optimizer.  Where a closed form exists, `SequentialLR` uses it to start one afresh.
Sorted in order of increasing complexity.
"""

import math
import types
import warnings
from bisect import bisect_right
from collections import Counter
from math import cos, pi

from .optimizer import Optimizer


def _per_group(name, optimizer, value):
    """One value for every parameter group, from a single value or from a list of that length."""
    n = len(optimizer.param_groups)
    if not isinstance(value, (list, tuple)):
        return [value] * n
    if len(value) != n:
        raise ValueError(f"{name} must have one entry for each of the {n} groups, got {len(value)}")
    return list(value)


def _need(ok, message):
    if not ok:
        raise ValueError(message)


class LRScheduler:
    """The form of a schedule: subclasses give `get_lr`, the rates at `self.last_epoch`."""

    _is_initial = False
    _held_back = ("optimizer",)  # what `state_dict` leaves out

    def __init__(self, optimizer, last_epoch=-1):
        self._attach(optimizer)
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", group["lr"])
            elif "initial_lr" not in group:
                raise KeyError(
                    f"param 'initial_lr' is not specified in param_groups[{i}]: load the "
                    "optimizer's state_dict before resuming a schedule with last_epoch >= 0"
                )
        self.base_lrs = [group["initial_lr"] for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        self._initial_step()

    def _attach(self, optimizer):
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"{type(optimizer).__name__} is not an Optimizer")
        self.optimizer = optimizer

    def _initial_step(self):
        self._step_count, self._is_initial = 0, True
        self.step()
        self._is_initial = False

    def _lrs(self):
        return [group["lr"] for group in self.optimizer.param_groups]

    def get_last_lr(self):
        """The rates the last step set, one for each parameter group."""
        return self._last_lr

    def get_lr(self):
        """The rates for epoch `self.last_epoch`, one for each parameter group."""
        raise NotImplementedError("a schedule defines get_lr()")

    def _get_closed_form_lr(self):
        return self.get_lr()

    def step(self, epoch=None):
        """Move on by one epoch; call it after `optimizer.step()`."""
        if self._step_count == 1 and not self.optimizer._opt_called:
            warnings.warn(
                "Detected call of `lr_scheduler.step()` before `optimizer.step()`: call them the "
                "other way round, or the first value of the schedule is skipped",
                UserWarning,
                stacklevel=2,
            )
        if epoch is not None:
            warnings.warn("step(epoch) is deprecated: call step()", UserWarning, stacklevel=2)
        self._step_count += 1
        self._update_lr(epoch)

    def _update_lr(self, epoch=None):
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        self._set(self.get_lr() if epoch is None else self._get_closed_form_lr())

    def _set(self, lrs):
        for group, lr in zip(self.optimizer.param_groups, lrs, strict=True):
            group["lr"] = lr
        self._last_lr = self._lrs()

    def state_dict(self):
        """Everything but the optimizer, as a dict."""
        return {k: v for k, v in self.__dict__.items() if k not in self._held_back}

    def load_state_dict(self, state_dict):
        """Take back what `state_dict` gave."""
        self.__dict__.update(state_dict)


_LRScheduler = LRScheduler  # torch's older name, still found in client code


# --- functions of the epoch -----------------------------------------------------------------


class _Lambdas(LRScheduler):
    """Schedules from a function of the epoch, or from one for each group."""

    _held_back = ("optimizer", "lr_lambdas")

    def __init__(self, optimizer, lr_lambda, last_epoch=-1):
        self._attach(optimizer)
        self.lr_lambdas = _per_group("lr_lambda", optimizer, lr_lambda)
        super().__init__(optimizer, last_epoch)

    def state_dict(self):
        """As the base class; of callable objects their attributes, of functions nothing."""
        kept = [
            None if isinstance(f, types.FunctionType) else f.__dict__.copy()
            for f in self.lr_lambdas
        ]
        return {**super().state_dict(), "lr_lambdas": kept}

    def load_state_dict(self, state_dict):
        """Take back what `state_dict` gave; functions stay as they are."""
        super().load_state_dict({k: v for k, v in state_dict.items() if k != "lr_lambdas"})
        for f, kept in zip(self.lr_lambdas, state_dict["lr_lambdas"], strict=True):
            if kept is not None:
                f.__dict__.update(kept)


class LambdaLR(_Lambdas):
    """lr = base_lr * lr_lambda(epoch)."""

    def get_lr(self):
        """The rates for this epoch."""
        pairs = zip(self.base_lrs, self.lr_lambdas, strict=True)
        return [lr * f(self.last_epoch) for lr, f in pairs]


class MultiplicativeLR(_Lambdas):
    """lr = lr * lr_lambda(epoch), from the first step on."""

    def __init__(self, optimizer, lr_lambda, last_epoch=-1):
        for f in lr_lambda if isinstance(lr_lambda, (list, tuple)) else [lr_lambda]:
            if not callable(f):
                raise TypeError(f"lr_lambda should be a function, but got {type(f).__name__}")
        super().__init__(optimizer, lr_lambda, last_epoch)

    def get_lr(self):
        """The rates for this epoch."""
        if self._is_initial:
            return self._lrs()
        pairs = zip(self._lrs(), self.lr_lambdas, strict=True)
        return [lr * f(self.last_epoch) for lr, f in pairs]


# --- factors from one epoch to the next -----------------------------------------------------


class _Factors(LRScheduler):
    """A schedule as `_factor(t)`, from epoch t - 1 to t, and `_share(t)`, the product so far."""

    def _factor(self, t) -> float:
        raise NotImplementedError

    def _share(self, t) -> float:
        raise NotImplementedError

    def get_lr(self):
        """The rates for this epoch."""
        return [lr * self._factor(self.last_epoch) for lr in self._lrs()]

    def _get_closed_form_lr(self):
        return [lr * self._share(self.last_epoch) for lr in self.base_lrs]


class ExponentialLR(_Factors):
    """lr = base_lr * gamma**t."""

    def __init__(self, optimizer, gamma, last_epoch=-1):
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def _factor(self, t):
        return 1.0 if self._is_initial else self.gamma

    def _share(self, t):
        return self.gamma**t


class StepLR(_Factors):
    """Multiply by gamma every `step_size` epochs."""

    def __init__(self, optimizer, step_size, gamma=0.1, last_epoch=-1):
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer, last_epoch)

    def _factor(self, t):
        return 1.0 if t == 0 or t % self.step_size else self.gamma

    def _share(self, t):
        return self.gamma ** (t // self.step_size)


class MultiStepLR(_Factors):
    """Multiply by gamma at each milestone (twice where it is listed twice)."""

    def __init__(self, optimizer, milestones, gamma=0.1, last_epoch=-1):
        self.milestones, self.gamma = Counter(milestones), gamma
        super().__init__(optimizer, last_epoch)

    def _factor(self, t):
        return self.gamma ** self.milestones[t]

    def _share(self, t):
        return self.gamma ** bisect_right(sorted(self.milestones.elements()), t)


class ConstantLR(_Factors):
    """base_lr * factor until `total_iters`, base_lr from then on."""

    def __init__(self, optimizer, factor=1.0 / 3, total_iters=5, last_epoch=-1):
        _need(0 <= factor <= 1, f"factor must lie between 0 and 1, got {factor}")
        self.factor, self.total_iters = factor, total_iters
        super().__init__(optimizer, last_epoch)

    def _factor(self, t):
        if t == 0:
            return self.factor
        return 1.0 / self.factor if t == self.total_iters else 1.0

    def _share(self, t):
        return self.factor if t < self.total_iters else 1.0


class LinearLR(_Factors):
    """A straight line from base_lr * start_factor to base_lr * end_factor in `total_iters`."""

    def __init__(
        self, optimizer, start_factor=1.0 / 3, end_factor=1.0, total_iters=5, last_epoch=-1
    ):
        _need(0 < start_factor <= 1, f"start_factor must be in (0, 1], got {start_factor}")
        _need(0 <= end_factor <= 1, f"end_factor must be in [0, 1], got {end_factor}")
        self.start_factor, self.end_factor = start_factor, end_factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def _factor(self, t):
        if t == 0:
            return self.start_factor
        if self._is_initial or t > self.total_iters:
            return 1.0
        rise = self.end_factor - self.start_factor
        return 1.0 + rise / (self.total_iters * self.start_factor + (t - 1) * rise)

    def _share(self, t):
        rise = self.end_factor - self.start_factor
        return self.start_factor + rise * min(self.total_iters, t) / self.total_iters


class PolynomialLR(_Factors):
    """lr = base_lr * (1 - t / total_iters)**power, then zero."""

    def __init__(self, optimizer, total_iters=5, power=1.0, last_epoch=-1):
        self.total_iters, self.power = total_iters, power
        super().__init__(optimizer, last_epoch)

    def _factor(self, t):
        if self._is_initial or t > self.total_iters:
            return 1.0
        return ((1.0 - t / self.total_iters) / (1.0 - (t - 1) / self.total_iters)) ** self.power

    def _share(self, t):
        return (1.0 - min(self.total_iters, t) / self.total_iters) ** self.power


# --- cosines (Loshchilov and Hutter 2017, "SGDR") -------------------------------------------


def _half_cosine(high, low, done):
    """From `high` at done = 0 to `low` at done = 1, flat at both ends."""
    return low + (high - low) * (1 + cos(pi * done)) / 2


class CosineAnnealingLR(LRScheduler):
    """Half a cosine from base_lr down to `eta_min` in `T_max` epochs, and back up after."""

    def __init__(self, optimizer, T_max, eta_min=0.0, last_epoch=-1):
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        """The rates for this epoch."""
        t, T, low = self.last_epoch, self.T_max, self.eta_min
        if self._is_initial:
            return self._lrs()
        if self._step_count == 1 and t > 0:  # first step after resuming
            return self._get_closed_form_lr()
        if (t - 1 - T) % (2 * T) == 0:  # the rate was exactly eta_min: no factor leads away from it
            climb = (1 - cos(pi / T)) / 2
            return [
                lr + (base - low) * climb
                for lr, base in zip(self._lrs(), self.base_lrs, strict=True)
            ]
        factor = (1 + cos(pi * t / T)) / (1 + cos(pi * (t - 1) / T))
        return [low + (lr - low) * factor for lr in self._lrs()]

    def _get_closed_form_lr(self):
        return [
            _half_cosine(lr, self.eta_min, self.last_epoch / self.T_max) for lr in self.base_lrs
        ]


class CosineAnnealingWarmRestarts(LRScheduler):
    """A half cosine of `T_0` epochs, restarted from base_lr, each time `T_mult` as long."""

    def __init__(self, optimizer, T_0, T_mult=1, eta_min=0.0, last_epoch=-1):
        _need(isinstance(T_0, int) and T_0 > 0, f"T_0 must be a positive integer, got {T_0}")
        _need(isinstance(T_mult, int) and T_mult >= 1, f"T_mult must be an integer >= 1: {T_mult}")
        _need(isinstance(eta_min, (int, float)), f"eta_min must be a number, got {eta_min!r}")
        self.T_0, self.T_i, self.T_mult, self.eta_min = T_0, T_0, T_mult, eta_min
        self.T_cur = last_epoch
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        """The rates for this epoch."""
        return [_half_cosine(lr, self.eta_min, self.T_cur / self.T_i) for lr in self.base_lrs]

    def step(self, epoch=None):
        """Move on by one epoch, or to any `epoch`, fractions included (epoch + i / batches)."""
        if epoch is None and self.last_epoch < 0:
            epoch = 0
        if epoch is None:
            epoch = self.last_epoch + 1
            self.T_cur += 1
            if self.T_cur >= self.T_i:
                self.T_cur, self.T_i = self.T_cur % self.T_i, self.T_i * self.T_mult
        else:
            _need(epoch >= 0, f"Expected non-negative epoch, but got {epoch}")
            self._jump(epoch)
        self.last_epoch = math.floor(epoch)
        self._set(self.get_lr())

    def _jump(self, epoch):
        """Place `epoch` in its cycle: n cycles of T_0 * (1 + m + ... + m**(n-1)) came before."""
        m, self.T_i, self.T_cur = self.T_mult, self.T_0, epoch
        if epoch >= self.T_0 and m == 1:
            self.T_cur = epoch % self.T_0
        elif epoch >= self.T_0:
            n = int(math.log(epoch / self.T_0 * (m - 1) + 1, m))
            self.T_cur = epoch - self.T_0 * (m**n - 1) / (m - 1)
            self.T_i = self.T_0 * m**n


# --- several schedules ----------------------------------------------------------------------


class _Composed(LRScheduler):
    """What the two compositions share: their parts act on one optimizer."""

    _held_back = ("optimizer", "_schedulers")

    def _adopt(self, optimizer, schedulers):
        self.optimizer, self._schedulers = optimizer, schedulers
        for i, part in enumerate(schedulers):
            if not isinstance(part, LRScheduler):
                raise TypeError(f"schedulers[{i}] is a {type(part).__name__}, not a schedule")
            _need(
                not isinstance(part, ReduceLROnPlateau),
                f"schedulers[{i}]: ReduceLROnPlateau cannot be composed, its step() needs a metric",
            )
            _need(
                part.optimizer is optimizer,
                f"schedulers[{i}] belongs to another optimizer: all must share one",
            )

    def state_dict(self):
        """As the base class, with the parts' own dicts."""
        return {**super().state_dict(), "_schedulers": [s.state_dict() for s in self._schedulers]}

    def load_state_dict(self, state_dict):
        """Take back what `state_dict` gave."""
        super().load_state_dict({k: v for k, v in state_dict.items() if k != "_schedulers"})
        for part, state in zip(self._schedulers, state_dict["_schedulers"], strict=True):
            part.load_state_dict(state)


class ChainedScheduler(_Composed):
    """All schedules at once: their factors multiply."""

    def __init__(self, schedulers, optimizer=None):
        _need(len(schedulers) > 0, "ChainedScheduler expects at least one schedule")
        self._adopt(optimizer or schedulers[0].optimizer, schedulers)
        self._last_lr = self._lrs()

    def step(self):  # pyright: ignore[reportIncompatibleMethodOverride]
        """Step each schedule in turn."""
        for scheduler in self._schedulers:
            scheduler.step()
        self._last_lr = self._lrs()


class SequentialLR(_Composed):
    """One schedule after the other, each starting at its milestone from the base rate."""

    def __init__(self, optimizer, schedulers, milestones, last_epoch=-1):
        _need(len(schedulers) > 0, "SequentialLR expects at least one schedule")
        self._adopt(optimizer, schedulers)
        _need(
            len(milestones) == len(schedulers) - 1,
            f"{len(schedulers)} schedules need {len(schedulers) - 1} milestones, "
            f"got {len(milestones)}",
        )
        self._milestones, self.last_epoch = milestones, last_epoch + 1
        for group in optimizer.param_groups:
            group["lr"] = group["initial_lr"]
        _undo(self)
        first = schedulers[bisect_right(milestones, 0)]
        first._initial_step()
        self._last_lr = first.get_last_lr()

    def step(self):  # pyright: ignore[reportIncompatibleMethodOverride]
        """Step the schedule whose turn it is."""
        self.last_epoch += 1
        i = bisect_right(self._milestones, self.last_epoch)
        scheduler = self._schedulers[i]
        if i > 0 and self._milestones[i - 1] == self.last_epoch:
            scheduler._update_lr(0)
        else:
            scheduler.step()
        self._last_lr = scheduler.get_last_lr()


def _undo(scheduler):
    """Take back the step that each part made when it was built."""
    if isinstance(scheduler, _Composed):
        for part in scheduler._schedulers:
            _undo(part)
    else:
        scheduler.last_epoch -= 1


# --- cycles and plateaus --------------------------------------------------------------------


class _MomentumCycle(LRScheduler):
    """What the cyclic schedules share: momentum (or beta1) moves against the rate."""

    def _set_up_momentum(self, optimizer, base_momentum, max_momentum, last_epoch):
        self.use_beta1 = "betas" in optimizer.defaults
        _need(
            self.use_beta1 or "momentum" in optimizer.defaults,
            "optimizer must support momentum or beta1: pass cycle_momentum=False",
        )
        self.base_momentums = _per_group("base_momentum", optimizer, base_momentum)
        self.max_momentums = _per_group("max_momentum", optimizer, max_momentum)
        if last_epoch == -1:
            trios = zip(
                optimizer.param_groups, self.max_momentums, self.base_momentums, strict=True
            )
            for group, high, low in trios:
                self._set_momentum(group, high)
                group.update(max_momentum=high, base_momentum=low)

    def _set_momentum(self, group, momentum):
        if self.use_beta1:
            group["betas"] = (momentum, *group["betas"][1:])
        else:
            group["momentum"] = momentum


class CyclicLR(_MomentumCycle):
    """Up from base_lr to max_lr and down again, over and over (Smith 2017).

    mode: `triangular` keeps the height, `triangular2` halves it each cycle, `exp_range` multiplies
    it by gamma each step; or `scale_fn` of the cycle or the iteration (`scale_mode`) gives it.
    """

    _held_back = ("optimizer", "_scale_fn")

    def __init__(
        self,
        optimizer,
        base_lr,
        max_lr,
        step_size_up=2000,
        step_size_down=None,
        mode="triangular",
        gamma=1.0,
        scale_fn=None,
        scale_mode="cycle",
        cycle_momentum=True,
        base_momentum=0.8,
        max_momentum=0.9,
        last_epoch=-1,
    ):
        self._attach(optimizer)
        base_lrs = _per_group("base_lr", optimizer, base_lr)
        self.max_lrs = _per_group("max_lr", optimizer, max_lr)
        if last_epoch == -1:
            for group, lr in zip(optimizer.param_groups, base_lrs, strict=True):
                group["lr"] = lr
        self.total_size = float(step_size_up + (step_size_down or step_size_up))
        self.step_ratio = step_size_up / self.total_size
        scales = {
            "triangular": ("cycle", lambda cycle: 1.0),
            "triangular2": ("cycle", lambda cycle: 0.5 ** (cycle - 1)),
            "exp_range": ("iterations", lambda t: gamma**t),
        }
        _need(scale_fn or mode in scales, f"mode must be one of {list(scales)}, got {mode!r}")
        self.scale_mode, self._scale_fn = (scale_mode, scale_fn) if scale_fn else scales[mode]
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self._set_up_momentum(optimizer, base_momentum, max_momentum, last_epoch)
        super().__init__(optimizer, last_epoch)
        self.base_lrs = base_lrs

    def get_lr(self):
        """The rates for this step; sets the momentum as well."""
        cycle = math.floor(1 + self.last_epoch / self.total_size)
        x = 1.0 + self.last_epoch / self.total_size - cycle  # how far into this cycle, from 0 to 1
        height = x / self.step_ratio if x <= self.step_ratio else (x - 1) / (self.step_ratio - 1)
        height *= self._scale_fn(cycle if self.scale_mode == "cycle" else self.last_epoch)
        if self.cycle_momentum:
            for group in self.optimizer.param_groups:
                low, high = group["base_momentum"], group["max_momentum"]
                self._set_momentum(group, high - (high - low) * height)
        return [
            low + (high - low) * height
            for low, high in zip(self.base_lrs, self.max_lrs, strict=True)
        ]


def _anneal_cos(start, end, share):
    return end + (start - end) / 2.0 * (cos(pi * share) + 1)


def _anneal_linear(start, end, share):
    return (end - start) * share + start


class OneCycleLR(_MomentumCycle):
    """Up from max_lr / div_factor to max_lr and down to almost nothing (Smith and Topin 2018)."""

    def __init__(
        self,
        optimizer,
        max_lr,
        total_steps=None,
        epochs=None,
        steps_per_epoch=None,
        pct_start=0.3,
        anneal_strategy="cos",
        cycle_momentum=True,
        base_momentum=0.85,
        max_momentum=0.95,
        div_factor=25.0,
        final_div_factor=1e4,
        three_phase=False,
        last_epoch=-1,
    ):
        self._attach(optimizer)
        self.total_steps = _count_steps(total_steps, epochs, steps_per_epoch)
        _need(
            isinstance(pct_start, float) and 0 <= pct_start <= 1,
            f"pct_start must be a float between 0 and 1, got {pct_start}",
        )
        _need(
            anneal_strategy in ("cos", "linear"),
            f"anneal_strategy must be 'cos' or 'linear', got {anneal_strategy!r}",
        )
        self._anneal_func_type = anneal_strategy
        self._schedule_phases = self._phases(pct_start, three_phase)
        max_lrs = _per_group("max_lr", optimizer, max_lr)
        if last_epoch == -1:
            for group, high in zip(optimizer.param_groups, max_lrs, strict=True):
                start = high / div_factor
                group.update(initial_lr=start, max_lr=high, min_lr=start / final_div_factor)
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self._set_up_momentum(optimizer, base_momentum, max_momentum, last_epoch)
        super().__init__(optimizer, last_epoch)

    def _phases(self, pct_start, three_phase):
        """(last step, the lr's two ends, the momentum's two ends) of each phase."""
        n = self.total_steps
        down, up = ("max_momentum", "base_momentum"), ("base_momentum", "max_momentum")
        rise = (float(pct_start * n) - 1, ("initial_lr", "max_lr"), down)
        if not three_phase:
            return [rise, (n - 1, ("max_lr", "min_lr"), up)]
        fall = (float(2 * pct_start * n) - 2, ("max_lr", "initial_lr"), up)
        return [rise, fall, (n - 1, ("initial_lr", "min_lr"), ("max_momentum", "max_momentum"))]

    def get_lr(self):
        """The rates for this step; sets the momentum as well."""
        _need(
            self.last_epoch <= self.total_steps,
            f"Tried to step {self.last_epoch} times, but the cycle has {self.total_steps} steps",
        )
        anneal = _anneal_cos if self._anneal_func_type == "cos" else _anneal_linear
        share, (lr_from, lr_to), (momentum_from, momentum_to) = self._where()
        groups = self.optimizer.param_groups
        if self.cycle_momentum:
            for g in groups:
                self._set_momentum(g, anneal(g[momentum_from], g[momentum_to], share))
        return [anneal(g[lr_from], g[lr_to], share) for g in groups]

    def _where(self):
        """How far into which phase this step is."""
        start, t = 0.0, self.last_epoch
        for end, lr_ends, momentum_ends in self._schedule_phases:
            if t <= end or lr_ends[1] == "min_lr":  # the last phase ends there
                return (t - start) / (end - start), lr_ends, momentum_ends
            start = end
        raise AssertionError("the last phase ends at min_lr")


def _count_steps(total_steps, epochs, steps_per_epoch):
    if total_steps is None and (epochs is None or steps_per_epoch is None):
        raise ValueError("You must define either total_steps OR (epochs AND steps_per_epoch)")
    for n in (epochs, steps_per_epoch) if total_steps is None else (total_steps,):
        _need(isinstance(n, int) and n > 0, f"Expected a positive integer of steps, but got {n}")
    return epochs * steps_per_epoch if total_steps is None else total_steps


class ReduceLROnPlateau(LRScheduler):
    """Multiply by `factor` when the metric has not improved for more than `patience` epochs."""

    def __init__(
        self,
        optimizer,
        mode="min",
        factor=0.1,
        patience=10,
        threshold=1e-4,
        threshold_mode="rel",
        cooldown=0,
        min_lr=0,
        eps=1e-8,
    ):
        _need(factor < 1.0, f"factor must be below 1, got {factor}")
        _need(mode in ("min", "max"), f"mode must be 'min' or 'max', got {mode!r}")
        _need(
            threshold_mode in ("rel", "abs"),
            f"threshold_mode must be 'rel' or 'abs', got {threshold_mode!r}",
        )
        self._attach(optimizer)
        self.mode, self.factor, self.patience, self.cooldown = mode, factor, patience, cooldown
        self.threshold, self.threshold_mode, self.eps = threshold, threshold_mode, eps
        self.min_lr = min_lr
        _per_group(
            "min_lr", optimizer, min_lr
        )  # a wrong length is an error now, not at the plateau
        self.last_epoch, self._last_lr = 0, self._lrs()
        self._reset()

    def _reset(self):
        self.best = math.inf if self.mode == "min" else -math.inf
        self.cooldown_counter = self.num_bad_epochs = 0

    @property
    def in_cooldown(self):
        """Whether a reduction is so recent that bad epochs do not count yet."""
        return self.cooldown_counter > 0

    def step(self, metrics, epoch=None):  # pyright: ignore[reportIncompatibleMethodOverride]
        """Report this epoch's metric (a number or a tensor with one element)."""
        current = float(metrics)
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        if self._is_better(current, self.best):
            self.best, self.num_bad_epochs = current, 0
        else:
            self.num_bad_epochs += 1
        if self.in_cooldown:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self._reduce_lr()
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0
        self._last_lr = self._lrs()

    def _is_better(self, a, best):
        sign = 1 if self.mode == "max" else -1
        if self.threshold_mode == "rel":
            margin = best * (1.0 + sign * self.threshold)
        else:
            margin = best + sign * self.threshold
        return sign * a > sign * margin

    def _reduce_lr(self):
        floors = _per_group("min_lr", self.optimizer, self.min_lr)
        for group, floor in zip(self.optimizer.param_groups, floors, strict=True):
            new = max(group["lr"] * self.factor, floor)
            if group["lr"] - new > self.eps:
                group["lr"] = new
