"""Where tensors live: here, on the CPU, laid out as the engine likes."""


class device:
    """A device: only "cpu" can compute, but others have names, so that guarded code reads well."""

    def __init__(self, type, index=None):
        name, _, number = str(type).partition(":")
        if name not in ("cpu", "cuda", "mps", "xpu", "meta"):
            raise RuntimeError(
                f"Expected one of cpu, cuda, mps, xpu device type at start of device string: {type}"
            )
        self.type = name
        self.index = int(number) if number else index

    def __str__(self):
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __repr__(self):
        index = "" if self.index is None else f", index={self.index}"
        return f"device(type='{self.type}'{index})"

    def __eq__(self, other):
        return isinstance(other, device) and (self.type, self.index) == (other.type, other.index)

    def __hash__(self):
        return hash((self.type, self.index))


cpu = device("cpu")


def set_default_device(device):
    """Nothing for the CPU; other devices are refused."""
    check_device(device)


def get_default_device():
    """The CPU."""
    return cpu


def check_device(wanted):
    """Refuse every device but the CPU (and None)."""
    if wanted is None or wanted is cpu:
        return
    if not isinstance(wanted, device | str):
        raise TypeError(f"a device is a name such as 'cpu', not {wanted!r}")
    if device(wanted).type != "cpu":
        raise RuntimeError(
            f"this engine computes in NumPy on the CPU: device={str(wanted)!r} is not available"
        )


class memory_format:
    """How torch may lay elements out: accepted, and without effect on any result here."""

    def __init__(self, name):
        self.name = name

    def __repr__(self):
        return f"torch.{self.name}"


contiguous_format = memory_format("contiguous_format")
preserve_format = memory_format("preserve_format")
channels_last = memory_format("channels_last")
channels_last_3d = memory_format("channels_last_3d")


def check_format(wanted):
    """Let the engine's memory formats (and None) pass: it chooses the layout by itself."""
    if wanted is not None and not isinstance(wanted, memory_format):
        raise TypeError(f"memory_format must be one such as channels_last, not {wanted!r}")
