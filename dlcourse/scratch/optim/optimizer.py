"""What every optimizer shares: parameter groups, state, the step over all parameters."""

import functools
import warnings
from collections import defaultdict
from copy import deepcopy
from itertools import chain

import numpy as np

from ..autograd import Tensor, wrap
from ..grad_mode import enable_grad
from ._packs import make_packs


class Optimizer:
    """The form of an optimizer: subclasses give `step`.

    `params` is an iterable of leaf tensors, of (name, tensor) pairs or of group dicts; `defaults`
    holds the options a group may leave out.
    """

    _opt_called = False  # a schedule warns when it is stepped before its optimizer

    def __init__(self, params, defaults):
        if isinstance(params, Tensor):
            raise TypeError("params must be an iterable of tensors or dicts: write [tensor]")
        self.defaults = defaults
        self.state = defaultdict(dict)
        self.param_groups = []
        groups = list(params)
        if not groups:
            raise ValueError("optimizer got an empty parameter list")
        for group in groups if isinstance(groups[0], dict) else [{"params": groups}]:
            self.add_param_group(group)

    def __init_subclass__(cls, **options):
        super().__init_subclass__(**options)
        if "step" in vars(cls):
            cls.step = _noting_the_call(cls.step)

    def add_param_group(self, param_group):
        """Add a group: a dict with `params` and any options that differ from the defaults."""
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group).__name__}")
        param_group["params"] = _listed(param_group["params"])
        _split_names(param_group)
        for p in param_group["params"]:
            _check_parameter(p)
        for name, default in self.defaults.items():
            param_group.setdefault(name, default)
        self._check_group(param_group)
        self.param_groups.append(param_group)

    def _check_group(self, new):
        ids = [id(p) for p in new["params"]]
        if len(ids) != len(set(ids)):
            warnings.warn(
                "optimizer contains a parameter group with duplicate parameters", stacklevel=5
            )
        for group in self.param_groups:
            if ("param_names" in group) != ("param_names" in new):
                raise ValueError("all optimizer param groups should be with/without names")
            if not set(ids).isdisjoint(map(id, group["params"])):
                raise ValueError("some parameters appear in more than one parameter group")

    def zero_grad(self, set_to_none=True):
        """Forget the gradients (or fill them with zeros)."""
        for group in self.param_groups:
            for p in group["params"]:
                if set_to_none:
                    p._grad = None
                elif p.grad is not None:
                    p.grad = p.grad.detach()
                    p.grad.zero_()

    def step(self, closure=None):
        """Update the parameters once; `closure`, if given, computes the loss again."""
        raise NotImplementedError("an optimizer defines step()")

    def state_dict(self):
        """State by the parameters' running numbers, and the groups, as nested dicts."""
        params = chain.from_iterable(group["params"] for group in self.param_groups)
        number = {id(p): i for i, p in enumerate(params)}
        groups = [
            {**group, "params": [number[id(p)] for p in group["params"]]}
            for group in self.param_groups
        ]
        state = {number[id(p)]: s for p, s in self.state.items()}
        return {"state": state, "param_groups": [_params_last(g) for g in groups]}

    def load_state_dict(self, state_dict):
        """Take back what `state_dict` gave; the groups must have the same sizes."""
        saved = deepcopy(state_dict["param_groups"])
        if len(saved) != len(self.param_groups):
            raise ValueError("loaded state dict has a different number of parameter groups")
        pairs = list(zip(self.param_groups, saved, strict=True))
        if any(len(old["params"]) != len(new["params"]) for old, new in pairs):
            raise ValueError("loaded state dict has a parameter group of another size")
        by_number = {}
        for old, new in pairs:
            by_number.update(zip(new["params"], old["params"], strict=True))
            new["params"] = old["params"]
        self.param_groups = saved
        self.state = defaultdict(dict)
        for number, state in state_dict["state"].items():
            p = by_number[number]
            self.state[p] = {k: _restored(k, v, p) for k, v in state.items()}

    def __repr__(self):
        lines = [f"{type(self).__name__} ("]
        for i, group in enumerate(self.param_groups):
            lines += [""] * (i > 0) + [f"Parameter Group {i}"]
            lines += [f"    {k}: {group[k]}" for k in sorted(group) if k != "params"]
        return "\n".join([*lines, ")"])


def _noting_the_call(step):
    @functools.wraps(step)
    def noted(self, *args, **kwargs):
        self._opt_called = True
        return step(self, *args, **kwargs)

    return noted


def _listed(params):
    if isinstance(params, Tensor):
        return [params]
    if isinstance(params, set):
        raise TypeError("a set has no order that is the same in each run: pass a list of tensors")
    return list(params)


def _split_names(group):
    """Turn (name, tensor) pairs into `params` and `param_names`."""
    named = [isinstance(p, tuple) for p in group["params"]]
    if any(named):
        if not all(named):
            raise ValueError("all optimizer params should be with/without names")
        group["param_names"] = [name for name, _ in group["params"]]
        group["params"] = [p for _, p in group["params"]]


def _check_parameter(p):
    if not isinstance(p, Tensor):
        raise TypeError(f"optimizer can only optimize Tensors, but got {type(p).__name__}")
    if not (p.is_leaf or p.retains_grad):
        raise ValueError("can't optimize a non-leaf Tensor")


def _params_last(group):
    return {k: v for k, v in group.items() if k != "params"} | {"params": group["params"]}


def _restored(name, value, p):
    """A copy of a saved state entry, in the parameter's dtype (the step count keeps its own)."""
    if isinstance(value, (np.ndarray, np.generic)):
        value = wrap(np.asarray(value))
    if not isinstance(value, Tensor):
        return deepcopy(value)
    array = value._data
    return wrap(array.astype(array.dtype if name == "step" else p._data.dtype))


class Rule(Optimizer):
    """An optimizer stated as the in-place update of one array.

    A subclass gives `buffers(group)`, the names and first values of what it remembers for each
    parameter, and `update(p, g, ...)`, which is handed any option and buffer it names.
    """

    _packs: dict

    def buffers(self, group):
        """Names and first values of the arrays remembered for each parameter."""
        return {}

    def counters(self, group):
        """Names and first values of the numbers remembered for each parameter."""
        return {"step": 0.0}

    def clock(self, state, group):
        """Advance the counters by one step; returns them as options for `update`."""
        state["step"]._data[...] += 1
        return {"t": int(state["step"]._data)}

    def update(self, p, g, **options):
        """Change the array `p` given its gradient `g`, and the buffers, in place."""
        raise NotImplementedError("a rule defines update()")

    def step(self, closure=None):
        """Update every parameter that has a gradient; returns the closure's loss."""
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        for group in self.param_groups:
            for pack in self._packs_of(group):
                self._step_pack(pack, group)
        return loss

    def _step_pack(self, pack, group):
        options = {**group, **self.clock(pack.states[0], group), "first": pack.fresh}
        for p, g, *buffers in pack.pieces():
            options.update(zip(pack.names, buffers, strict=True))
            self._apply(p, g, options)
        pack.written()

    def _apply(self, p, g, options):
        """Direction and weight decay, which all rules share; then the rule."""
        if options["maximize"]:
            g = -g
        if decay := options["weight_decay"]:
            if options.get("decoupled_weight_decay"):
                p *= 1 - options["lr"] * decay
            else:
                g = g + decay * p
        self.update(p, g, **options)

    def _packs_of(self, group):
        """The group's parameters that have gradients, in packs: last step's if nothing changed."""
        params = [p for p in group["params"] if p._grad is not None]
        buffers = self.buffers(group)
        key = [*buffers, *map(id, params)]
        known, packs = self.__dict__.setdefault("_packs", {}).get(id(group), (None, []))
        if known != key or not all(pack.is_current(self.state) for pack in packs):
            for pack in packs:
                pack.release()
            packs = make_packs(params, self.state, buffers, self.counters(group))
            self._packs[id(group)] = (key, packs)
        return packs

    def __getstate__(self):
        return {k: v for k, v in self.__dict__.items() if k != "_packs"}


_RANGES = {"rho": (0, 1), "dampening": (-np.inf, np.inf)}


def checked(options):
    """A rule's arguments (its `locals()`) as the defaults of its groups, or a clear error."""
    options = {k: v for k, v in options.items() if k not in ("self", "params", "__class__")}
    for name in ("foreach", "fused", "capturable", "differentiable"):
        if options.get(name):
            raise NotImplementedError(f"{name}=True is for torch's own kernels: leave it out")
    for name, value in options.items():
        if isinstance(value, Tensor):
            raise NotImplementedError(f"{name} must be a number: write {name}.item()")
        if name == "betas":
            _check_betas(value)
        elif not isinstance(value, bool) and value is not None:
            _check_range(name, value)
    return options


def _check_range(name, value):
    low, high = _RANGES.get(name, (0, np.inf))
    if not low <= value <= high:
        what = "learning rate" if name == "lr" else f"{name} value"
        raise ValueError(f"Invalid {what}: {value}")


def _check_betas(betas):
    for i, beta in enumerate(betas):
        if not 0 <= beta < 1:
            raise ValueError(f"Invalid beta parameter at index {i}: {beta}")
