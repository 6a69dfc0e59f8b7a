"""`Module`: a node in a tree of parameters, buffers and further modules."""

import itertools
from collections import OrderedDict, namedtuple
from typing import Any

import numpy as np

from ...autograd import Tensor, no_grad, wrap
from ...dtypes import float32, float64
from ..parameter import Buffer, Parameter, UninitializedParameter
from . import backward_hook

_KINDS = ("_parameters", "_buffers", "_modules")
_Incompatible = namedtuple("_IncompatibleKeys", "missing_keys unexpected_keys")


class IncompatibleKeys(_Incompatible):
    """What `load_state_dict` did not find, and what it found but does not know."""

    __slots__ = ()

    def __repr__(self):
        return "_" + super().__repr__() if any(self) else "<All keys matched successfully>"


class RemovableHandle:
    """Returned by `register_*_hook`: `handle.remove()` takes the hook away again."""

    _ids = itertools.count()

    def __init__(self, hooks):
        self.hooks, self.id = hooks, next(self._ids)

    def remove(self):
        self.hooks.pop(self.id, None)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.remove()


class Module:
    """The base of every layer and model: subclass it, create parts in `__init__`, write `forward`.

    Like torch, it sees what is assigned as an attribute; modules in a plain list stay invisible.
    """

    training: bool
    # Name -> value in order of registration.  Each value also stands in the instance's `__dict__`,
    # so reading `self.weight` in a hot `forward` costs no more than any attribute.
    _parameters: dict
    _buffers: dict
    _modules: dict

    def __init__(self):
        vars(self).update(
            training=True,
            _parameters={},
            _buffers={},
            _modules={},
            _non_persistent=set(),
            _forward_hooks={},
            _forward_pre_hooks={},
        )

    # --- calling ------------------------------------------------------------------------------

    def __call__(self, *args, **kwargs):
        if self._forward_pre_hooks or self._forward_hooks:
            return self._call_with_hooks(args, kwargs)
        return self.forward(*args, **kwargs)

    def _call_with_hooks(self, args, kwargs):
        for hook, with_kwargs in list(self._forward_pre_hooks.values()):
            result = hook(self, args, kwargs) if with_kwargs else hook(self, args)
            if result is None:
                continue
            if with_kwargs:
                args, kwargs = result
            else:
                args = result if isinstance(result, tuple) else (result,)
        out = self.forward(*args, **kwargs)
        for hook, with_kwargs in list(self._forward_hooks.values()):
            result = hook(self, args, kwargs, out) if with_kwargs else hook(self, args, out)
            out = out if result is None else result
        return out

    def forward(self, *args, **kwargs) -> Any:
        raise NotImplementedError(f'Module [{type(self).__name__}] is missing "forward"')

    def register_forward_hook(self, hook, *, with_kwargs=False):
        """Call `hook(module, args, output)` after every forward; it may return another output."""
        return _register(self._forward_hooks, hook, with_kwargs)

    def register_forward_pre_hook(self, hook, *, with_kwargs=False):
        """Call `hook(module, args)` before every forward; it may return other arguments."""
        return _register(self._forward_pre_hooks, hook, with_kwargs)

    def register_full_backward_hook(self, hook, prepend=False):
        """Call `hook(module, grad_input, grad_output)` in every backward through this module."""
        if prepend:
            raise NotImplementedError("register_full_backward_hook: prepend is not supported")
        return backward_hook.register(self, hook)

    # --- attributes ---------------------------------------------------------------------------

    def __setattr__(self, name, value):
        if isinstance(value, Parameter):
            self._adopt("_parameters", name, value)
        elif isinstance(value, Module):
            self._adopt("_modules", name, value)
        elif isinstance(value, Buffer):
            self._adopt("_buffers", name, value)
            (self._non_persistent.discard if value.persistent else self._non_persistent.add)(name)
        else:
            self._check_replacement(name, value)
            object.__setattr__(self, name, value)

    def _adopt(self, kind, name, value):
        """Register `value` under `name`, in its kind's dict and nowhere else."""
        if kind not in self.__dict__:
            raise AttributeError(
                f"cannot assign {kind[1:]} before Module.__init__() call: "
                "write super().__init__() first"
            )
        for other in _KINDS:
            if other != kind:
                self.__dict__[other].pop(name, None)
        self.__dict__[kind][name] = value
        object.__setattr__(self, name, value)

    def _check_replacement(self, name, value):
        """A registered name keeps its kind: only None, or a tensor for a buffer, may replace it."""
        for kind in _KINDS:
            members = self.__dict__.get(kind)
            if members is None or name not in members:
                continue
            if value is not None and not (kind == "_buffers" and isinstance(value, Tensor)):
                wanted = {"_parameters": "torch.nn.Parameter", "_buffers": "torch.Tensor"}
                raise TypeError(
                    f"cannot assign '{type(value).__name__}' as {kind[1:-1]} '{name}' "
                    f"({wanted.get(kind, 'torch.nn.Module')} or None expected)"
                )
            members[name] = value

    def __getattr__(self, name):
        for kind in _KINDS:
            members = self.__dict__.get(kind, ())
            if name in members:
                return members[name]
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def __delattr__(self, name):
        for kind in _KINDS:
            self.__dict__[kind].pop(name, None)
        self._non_persistent.discard(name)
        object.__delattr__(self, name)

    def __dir__(self):
        return sorted({*super().__dir__(), *self._parameters, *self._buffers, *self._modules})

    def __setstate__(self, state):
        vars(self).update(state)

    def register_parameter(self, name, param):
        """Add a parameter under `name`; None reserves the name for an absent parameter."""
        self._check_new_name(name, "_parameters")
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(
                f"cannot assign '{type(param).__name__}' object to parameter '{name}' "
                "(torch.nn.Parameter or None required)"
            )
        if param is not None and param.grad_fn is not None:
            raise ValueError(f"cannot assign a non-leaf Tensor to parameter '{name}'")
        self._adopt("_parameters", name, param)

    def register_buffer(self, name, tensor, persistent=True):
        """Add a tensor that is state but not trained; `persistent` puts it into `state_dict`."""
        self._check_new_name(name, "_buffers")
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(
                f"cannot assign '{type(tensor).__name__}' object to buffer '{name}' "
                "(torch Tensor or None required)"
            )
        self._adopt("_buffers", name, tensor)
        (self._non_persistent.discard if persistent else self._non_persistent.add)(name)

    def register_module(self, name, module):
        """Add a child under `name`, which may be any string without a dot."""
        self.add_module(name, module)

    def add_module(self, name, module):
        """Add a child under `name`, which may be any string without a dot."""
        if module is not None and not isinstance(module, Module):
            raise TypeError(f"{type(module).__name__} is not a Module subclass")
        self._check_new_name(name, "_modules")
        self._adopt("_modules", name, module)

    def _check_new_name(self, name, kind):
        if kind not in self.__dict__:
            raise AttributeError(f"cannot assign {kind[1:-1]} before Module.__init__() call")
        if not isinstance(name, str):
            raise TypeError(f"a {kind[1:-1]} name must be a string, not {type(name).__name__}")
        if "." in name or not name:
            raise KeyError(f"a {kind[1:-1]} name must not be empty or contain '.': {name!r}")
        if hasattr(self, name) and name not in self.__dict__[kind]:
            raise KeyError(f"attribute '{name}' already exists")

    # --- walking the tree ---------------------------------------------------------------------

    def named_modules(self, memo=None, prefix="", remove_duplicate=True):
        """Yield (dotted name, module) for this module and all below it, each once."""
        memo = set() if memo is None else memo
        if self in memo:
            return
        if remove_duplicate:
            memo.add(self)
        yield prefix, self
        for name, child in self._modules.items():
            if child is not None:
                yield from child.named_modules(memo, _join(prefix, name), remove_duplicate)

    def modules(self):
        """Yield this module and all below it, each once."""
        return (m for _, m in self.named_modules())

    def named_children(self):
        """Yield (name, module) of the direct children, each module once."""
        seen = {None}
        for name, child in self._modules.items():
            if child not in seen:
                seen.add(child)
                yield name, child

    def children(self):
        """Yield the direct children."""
        return (m for _, m in self.named_children())

    def _named_members(self, kind, prefix, recurse, remove_duplicate):
        modules = self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate)
        seen = set()
        for path, module in modules if recurse else [(prefix, self)]:
            for name, value in vars(module)[kind].items():
                if value is None or id(value) in seen:
                    continue
                if remove_duplicate:
                    seen.add(id(value))
                yield _join(path, name), value

    def named_parameters(self, prefix="", recurse=True, remove_duplicate=True):
        """Yield (dotted name, parameter); a shared parameter comes once, under its first name."""
        return self._named_members("_parameters", prefix, recurse, remove_duplicate)

    def parameters(self, recurse=True):
        """Yield every parameter of this module and, with `recurse`, of all below it."""
        return (p for _, p in self.named_parameters(recurse=recurse))

    def named_buffers(self, prefix="", recurse=True, remove_duplicate=True):
        """Yield (dotted name, buffer)."""
        return self._named_members("_buffers", prefix, recurse, remove_duplicate)

    def buffers(self, recurse=True):
        """Yield every buffer."""
        return (b for _, b in self.named_buffers(recurse=recurse))

    def get_submodule(self, target):
        """The module at the dotted path `target`; "" is this one."""
        module = self
        for name in target.split(".") if target else ():
            if name not in module._modules:
                raise AttributeError(f"{type(module).__name__} has no submodule '{name}'")
            module = module._modules[name]
        return module

    def get_parameter(self, target):
        """The parameter at the dotted path `target`."""
        return self._get_member(target, "_parameters")

    def get_buffer(self, target):
        """The buffer at the dotted path `target`."""
        return self._get_member(target, "_buffers")

    def _get_member(self, target, kind):
        path, _, name = target.rpartition(".")
        members = vars(self.get_submodule(path))[kind]
        if name not in members:
            raise AttributeError(f"no {kind[1:-1]} named '{target}'")
        return members[name]

    # --- changing the tree --------------------------------------------------------------------

    def apply(self, fn):
        """Call `fn` on every module, children first, as for initialising weights."""
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    def train(self, mode=True):
        """Switch dropout, batch norm and their like to training behaviour (or back)."""
        if not isinstance(mode, bool):
            raise ValueError("training mode is expected to be boolean")
        for module in self.modules():
            module.__dict__["training"] = mode
        return self

    def eval(self):
        """The same as `train(False)`."""
        return self.train(False)

    def requires_grad_(self, requires_grad=True):
        """Freeze or unfreeze every parameter."""
        for p in self.parameters():
            p.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none=True):
        """Forget every parameter's gradient."""
        for p in self.parameters():
            if set_to_none:
                p.grad = None
            elif p.grad is not None:
                p.grad.zero_()

    def _apply(self, fn):
        """Replace every parameter's and buffer's values by `fn(values)`, in place."""
        with no_grad():
            for module in self.modules():
                for t in (*module._parameters.values(), *module._buffers.values()):
                    if t is not None:
                        _convert(t, fn)
        return self

    def to(self, *args, **kwargs):
        """Cast floating-point state: `to(dtype)`, `to("cpu")`, `to(device, dtype)`, `to(like)`."""
        for start in (float32, float64):  # a cast is what changes one of the two
            like = wrap(np.zeros(0, start.numpy)).to(*args, **kwargs)
            if like.dtype is not start:
                if not like.is_floating_point():
                    raise TypeError("nn.Module.to only accepts floating point dtypes")
                return self._cast(like.dtype)
        return self

    def _cast(self, dtype):
        return self._apply(lambda t: t.to(dtype) if t.is_floating_point() else t)

    def type(self, dst_type):
        """Cast every parameter and buffer."""
        return self._apply(lambda t: t.type(dst_type))

    def float(self):
        """Cast floating-point state to float32."""
        return self._cast(float32)

    def double(self):
        """Cast floating-point state to float64."""
        return self._cast(float64)

    def cpu(self):
        """This module: everything lives on the CPU already."""
        return self

    def cuda(self, device=None):
        """Refused: the engine runs on the CPU."""
        raise NotImplementedError('the engine runs on the CPU: use .to("cpu") or nothing at all')

    def share_memory(self):
        """This module: everything runs in one process."""
        return self

    def to_empty(self, *, device, recurse=True):
        """This module, if `device` is the CPU."""
        return self.to(device)

    def half(self):
        """Refused: the engine computes in float32 and float64."""
        raise NotImplementedError("the engine has no half precision: use .float()")

    bfloat16 = half

    # --- state --------------------------------------------------------------------------------

    def state_dict(self, *, destination=None, prefix="", keep_vars=False):
        """Name -> tensor for every parameter and persistent buffer, sharing their memory."""
        out = OrderedDict() if destination is None else destination
        for name, t in self._own_state():
            out[prefix + name] = t if keep_vars else t.detach()
        for name, child in self._modules.items():
            if child is not None:
                child.state_dict(destination=out, prefix=f"{prefix}{name}.", keep_vars=keep_vars)
        return out

    def _own_state(self):
        buffers = ((n, b) for n, b in self._buffers.items() if n not in self._non_persistent)
        both = itertools.chain(self._parameters.items(), buffers)
        return [(name, t) for name, t in both if t is not None]

    def load_state_dict(self, state_dict, strict=True, assign=False):
        """Copy values (tensors or arrays) in by name; returns the missing and unexpected keys.

        With `strict`, keys must match exactly.  Shapes always must.  `assign` replaces the tensors
        instead of copying into them.
        """
        if not isinstance(state_dict, dict) and not hasattr(state_dict, "keys"):
            raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
        known, errors = set(), []
        missing = []
        for path, module in self.named_modules(remove_duplicate=False):
            for name, t in module._own_state():
                key = _join(path, name)
                known.add(key)
                if key in state_dict:
                    module._load(name, t, key, state_dict[key], assign, errors)
                elif name != "num_batches_tracked":  # a counter that old checkpoints lack
                    missing.append(key)
        unexpected = [key for key in state_dict if key not in known]
        if strict:
            errors[:0] = _key_errors("Missing", missing) + _key_errors("Unexpected", unexpected)
        if errors:
            name = type(self).__name__
            raise RuntimeError(
                f"Error(s) in loading state_dict for {name}:\n\t" + "\n\t".join(errors)
            )
        return IncompatibleKeys(missing, unexpected)

    def _load(self, name, t, key, value, assign, errors):
        value = value if isinstance(value, Tensor) else wrap(np.asarray(value))
        if isinstance(t, UninitializedParameter):
            t.materialize(value.shape)
        if tuple(value.shape) != tuple(t.shape):
            errors.append(
                f"size mismatch for {key}: copying a param with shape {value.shape} from "
                f"checkpoint, the shape in current model is {t.shape}."
            )
        elif assign:
            keep = isinstance(t, Parameter) and not isinstance(value, Parameter)
            setattr(self, name, Parameter(value, t.requires_grad) if keep else value)
        else:
            with no_grad():
                t.copy_(value)

    # --- printing -----------------------------------------------------------------------------

    def extra_repr(self) -> str:
        """What stands between the parentheses of the printed layer."""
        return ""

    def _get_name(self):
        return type(self).__name__

    def __repr__(self):
        extra, children = self.extra_repr(), _child_lines(self._modules)
        if not children and "\n" not in extra:
            return f"{self._get_name()}({extra})"
        lines = (extra.split("\n") if extra else []) + children
        return f"{self._get_name()}(\n  " + "\n  ".join(lines) + "\n)"


def _join(prefix, name):
    return f"{prefix}.{name}" if prefix else name


def _register(hooks, hook, with_kwargs):
    handle = RemovableHandle(hooks)
    hooks[handle.id] = (hook, with_kwargs)
    return handle


def _child_lines(modules):
    return [f"({name}): " + repr(m).replace("\n", "\n  ") for name, m in modules.items()]


def _key_errors(kind, keys):
    names = ", ".join(f'"{k}"' for k in keys)
    return [f"{kind} key(s) in state_dict: {names}. "] if keys else []


def _convert(t, fn):
    t.data = fn(t.detach())
    if t.grad is not None:
        t.grad = fn(t.grad)
