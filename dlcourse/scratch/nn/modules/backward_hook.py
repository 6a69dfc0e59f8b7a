"""Hooks that see what flows back through a module (for saliency maps such as Grad-CAM)."""

from ...autograd import Tensor


class Watch:
    """One call of a module whose gradients `hook(module, grad_input, grad_output)` will see."""

    def __init__(self, hook, module, args):
        self.hook, self.module = hook, module
        self.grad_input = [None] * len(args)
        self.waiting = {i for i, a in enumerate(args) if _differentiable(a)}
        self.args = tuple(self._watched(i, a) for i, a in enumerate(args))

    def _watched(self, i, arg):
        if i not in self.waiting:
            return arg
        twin = arg.view(arg.shape)  # its gradient is what this module sends, and nobody else
        twin.register_hook(lambda g: self._input_arrived(i, g))
        return twin

    def output(self, out):
        """The module's output, its gradient watched."""
        parts = out if isinstance(out, tuple) else (out,)
        self.grad_output = [None] * len(parts)
        seen = tuple(self._seen(i, p) if _differentiable(p) else p for i, p in enumerate(parts))
        return seen if isinstance(out, tuple) else seen[0]

    def _seen(self, i, part):
        twin = part.view(part.shape)
        twin.register_hook(lambda g: self._output_arrived(i, g))
        return twin

    def _output_arrived(self, i, g):
        self.grad_output[i] = g
        if not self.grad_input or not any(map(_differentiable, self.args)):
            self.hook(self.module, tuple(self.grad_input), tuple(self.grad_output))

    def _input_arrived(self, i, g):
        self.grad_input[i] = g
        self.waiting.discard(i)
        if self.waiting:
            return None
        new = self.hook(self.module, tuple(self.grad_input), tuple(self.grad_output))
        if new is None:
            return None
        if len(self.grad_input) > 1:
            raise NotImplementedError("a backward hook may replace the gradient of one input only")
        return new[0] if isinstance(new, tuple) else new


def _differentiable(value):
    return isinstance(value, Tensor) and value.requires_grad


class BothHandles:
    """Two handles as one."""

    def __init__(self, *handles):
        self.handles = handles

    def remove(self):
        """Take both hooks away."""
        for h in self.handles:
            h.remove()


def register(module, hook):
    """Watch every call of `module` from now on."""
    calls = []

    def enter(module, args):
        calls.append(Watch(hook, module, args))
        return calls[-1].args

    return BothHandles(
        module.register_forward_pre_hook(enter),
        module.register_forward_hook(lambda module, args, out: calls.pop().output(out)),
    )
