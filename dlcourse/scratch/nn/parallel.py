"""Several devices at once: there is one, so the wrapped module runs as it is."""

from ..stubs import refusals
from .modules.module import Module


class DataParallel(Module):
    """`module` under the name `module`, as state dicts of several GPUs have it."""

    def __init__(self, module, device_ids=None, output_device=None, dim=0):
        super().__init__()
        self.module = module

    def forward(self, *inputs, **kwargs):
        return self.module(*inputs, **kwargs)


def data_parallel(module, inputs, device_ids=None, output_device=None, dim=0, module_kwargs=None):
    """`module(*inputs)`."""
    inputs = inputs if isinstance(inputs, tuple) else (inputs,)
    return module(*inputs, **(module_kwargs or {}))


globals().update(
    refusals("DistributedDataParallel", "this engine runs in one process: use the module itself")
)
