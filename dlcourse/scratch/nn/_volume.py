"""Volumes (N, C, D, H, W), by the layers of images: slice by slice, then along the depth."""

from typing import Any

from .. import ops
from ..creation import linspace, zeros
from . import functional

F: Any = functional


def _slices(x):
    """(N, C, D, H, W) as images (N D, C, H, W)."""
    return x.transpose(1, 2).flatten(0, 1)


def _stacked(y, n):
    """Images (N D, C, H, W) as (N, C, D, H, W) again."""
    return y.unflatten(0, (n, -1)).transpose(1, 2)


def conv3d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Cross-correlation of (N, C, D, H, W) or (C, D, H, W), weight (O, C / groups, kd, kh, kw)."""
    x, undo = F._images("conv3d", input, 3)
    F._check_conv("conv3d", x, weight, bias, groups, 3, weight.shape[1] * groups, weight.shape[0])
    if isinstance(padding, str):
        x, padding = F._string_padding(x, weight.shape[2:], padding, stride, dilation, 3)
    (s, *stride), (p, *padding), (d, *dilation), _ = F._geometry(
        3, stride, padding, dilation, groups
    )
    x = F.pad(x, (0, 0, 0, 0, p, p))
    depth = (x.shape[2] - d * (weight.shape[2] - 1) - 1) // s + 1
    if depth <= 0:
        raise RuntimeError("Kernel size can't be greater than actual input size")
    y = 0
    for k in range(weight.shape[2]):  # the kernel's slices, each over the depths that it meets
        part = _slices(x[:, :, k * d : k * d + (depth - 1) * s + 1 : s])
        y = y + F.conv2d(part, weight[:, :, k], None, stride, padding, dilation, groups)
    y = y if bias is None else y + bias[:, None, None]
    return undo(_stacked(y, len(x)))


def conv_transpose3d(
    input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    """The adjoint of conv3d: (N, C, d, h, w) or (C, d, h, w), weight (C, O / groups, ...)."""
    x, undo = F._images("conv_transpose3d", input, 3)
    channels = weight.shape[1] * groups
    F._check_conv("conv_transpose3d", x, weight, bias, groups, 3, weight.shape[0], channels)
    (s, *stride), (p, *padding), (d, *dilation), _ = F._geometry(
        3, stride, padding, dilation, groups
    )
    more, *extra = F.as_tuple(output_padding, 3, "output_padding")
    if more >= max(s, d):
        raise RuntimeError("output padding must be smaller than either stride or dilation")
    reach = (x.shape[2] - 1) * s + 1  # depths that one slice of the kernel writes to
    y: Any = None
    for k in range(weight.shape[2]):
        options = (None, stride, padding, extra, groups, dilation)
        part = _stacked(F.conv_transpose2d(_slices(x), weight[:, :, k], *options), len(x))
        if y is None:
            depth = reach + d * (weight.shape[2] - 1) + max(more - p, 0)
            y = zeros(*part.shape[:2], depth, *part.shape[3:], dtype=x.dtype)
        y[:, :, k * d : k * d + reach : s] += part
    size = (x.shape[2] - 1) * s - 2 * p + d * (weight.shape[2] - 1) + more + 1
    y = y[:, :, p : p + size]
    return undo(y if bias is None else y + bias[:, None, None, None])


def _pooled(name, pool, input, kernel, stride, padding, *options):
    """Pool every depth, then every column of depths; `options` are the same for both."""
    x, undo = F._images(name, input, 3)
    kernel = F.as_tuple(kernel, 3, "kernel_size")
    stride = kernel if stride in (None, (), []) else F.as_tuple(stride, 3, "stride")
    padding = F.as_tuple(padding, 3, "padding")
    flat = pool(x.flatten(1, 2), kernel[1:], stride[1:], padding[1:], *(o[1:] for o in options))
    columns = flat.unflatten(1, x.shape[1:3]).flatten(3)  # (N, C, D, h w)
    one = ((kernel[0], 1), (stride[0], 1), (padding[0], 0), *((o[0], 1) for o in options))
    return undo(pool(columns, *one).unflatten(-1, flat.shape[-2:]))


def max_pool3d(
    input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False
):
    """Maximum of each window of (N, C, D, H, W) or (C, D, H, W)."""
    F.refuse(return_indices=return_indices)

    def pool(x, *options):
        return F.max_pool2d(x, *options, ceil_mode)

    dilation = F.as_tuple(dilation, 3, "dilation")
    return _pooled("max_pool3d", pool, input, kernel_size, stride, padding, dilation)


def avg_pool3d(
    input,
    kernel_size,
    stride=None,
    padding=0,
    ceil_mode=False,
    count_include_pad=True,
    divisor_override=None,
):
    """Mean of each window of (N, C, D, H, W) or (C, D, H, W)."""
    if divisor_override == 0:
        raise RuntimeError("divisor must be not zero")
    sums = None if divisor_override is None else 1

    def pool(x, *options):
        return F.avg_pool2d(x, *options, ceil_mode, count_include_pad, sums)

    y = _pooled("avg_pool3d", pool, input, kernel_size, stride, padding)
    return y if divisor_override is None else y / divisor_override


def adaptive_avg_pool3d(input, output_size):
    """Mean over `output_size` nearly equal windows of (N, C, D, H, W) or (C, D, H, W)."""
    x, undo = F._images("adaptive_avg_pool3d", input, 3)
    size = output_size if isinstance(output_size, (tuple, list)) else (output_size,) * 3
    d, h, w = (x.shape[i + 2] if n is None else n for i, n in enumerate(size))
    flat = F.adaptive_avg_pool2d(x.flatten(1, 2), (h, w)).unflatten(1, x.shape[1:3])
    return undo(F.adaptive_avg_pool2d(flat.flatten(3), (d, h * w)).unflatten(-1, (h, w)))


# --- images read at any place -----------------------------------------------------------------


def affine_grid(theta, size, align_corners=None):
    """Where an affine map theta (N, 2, 3) sends each pixel of images `size`: (N, H, W, 2)."""
    if len(size) != 4:
        raise NotImplementedError("affine_grid: only for images, size = (N, C, H, W)")
    axes = [_centres(n, align_corners, theta) for n in size[2:]]
    y, x = ops.PUBLIC["broadcast_tensors"](axes[0][:, None], axes[1])
    points = ops.stack([x, y, y * 0 + 1], -1).reshape(-1, 3)
    return (points @ theta.transpose(1, 2)).reshape(size[0], *size[2:], 2)


def _centres(n, align_corners, like):
    """The centres of n pixels between -1 and 1, or from -1 to 1 with `align_corners`."""
    if n == 1:
        return like.new_zeros(1)
    ends = linspace(-1, 1, n, dtype=like.dtype)
    return ends if align_corners else ends * ((n - 1) / n)


def grid_sample(input, grid, mode="bilinear", padding_mode="zeros", align_corners=None):
    """The image (N, C, H, W) read at the points of grid (N, h, w, 2): x and y from -1 to 1."""
    if mode not in ("bilinear", "nearest") or padding_mode not in ("zeros", "border"):
        raise NotImplementedError(
            f"grid_sample: mode={mode!r}, padding_mode={padding_mode!r}; this engine has bilinear "
            "and nearest with zeros and border"
        )
    if input.dim() != 4 or grid.dim() != 4 or grid.shape[-1] != 2:
        raise RuntimeError("grid_sample: expected an image (N, C, H, W) and a grid (N, h, w, 2)")
    places = []
    for axis, n in ((0, input.shape[3]), (1, input.shape[2])):
        g = grid[..., axis]
        at = (g + 1) / 2 * (n - 1) if align_corners else ((g + 1) * n - 1) / 2
        places.append(at.clamp(0, n - 1) if padding_mode == "border" else at)
    x, y = places
    if mode == "nearest":
        return _pixels(input, x.round(), y.round())
    left, top = x.detach().floor(), y.detach().floor()
    total = 0
    for i, across in ((0, left + 1 - x), (1, x - left)):
        for j, down in ((0, top + 1 - y), (1, y - top)):
            share = (across * down).unsqueeze(1)
            total = total + _pixels(input, left + i, top + j) * share
    return total


def _pixels(image, x, y):
    """The pixels at whole x and y (N, h, w), zero outside the image: (N, C, h, w)."""
    N, C, H, W = image.shape
    inside = (x >= 0) & (x <= W - 1) & (y >= 0) & (y <= H - 1)
    index = y.clamp(0, H - 1).long() * W + x.clamp(0, W - 1).long()
    index = index.reshape(N, 1, -1).expand(N, C, -1)
    found = image.flatten(2).gather(2, index).reshape(N, C, *x.shape[1:])
    return found * inside.unsqueeze(1)
