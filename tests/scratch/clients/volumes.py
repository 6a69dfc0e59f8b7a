"""A U-Net for volumes, wrapped for several devices, trained in mixed precision that is off."""
# ruff: noqa

import numpy as np
import torch
import torch.backends.cudnn as cudnn
import torch.nn as nn
import torch.nn.functional as F
from torch.cuda.amp import GradScaler, autocast
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.checkpoint import checkpoint

cudnn.benchmark = True
device = torch.device("cuda" if torch.cuda.is_available() else "cpu")


def block(i, o):
    return nn.Sequential(
        nn.Conv3d(i, o, 3, padding=1, bias=False), nn.BatchNorm3d(o), nn.LeakyReLU(0.1, True)
    )


class UNet3d(nn.Module):
    def __init__(self, width=4):
        super().__init__()
        self.enter = block(1, width)
        self.down = block(width, 2 * width)
        self.up = nn.ConvTranspose3d(2 * width, width, 2, stride=2)
        self.join = block(2 * width, width)
        self.leave = nn.Conv3d(width, 2, kernel_size=1)

    def forward(self, x):
        x = x.contiguous(memory_format=torch.channels_last_3d)
        first = self.enter(x)
        deep = self.down(checkpoint(F.max_pool3d, first, 2, use_reentrant=False))
        smooth = F.interpolate(deep, scale_factor=2, mode="trilinear", align_corners=False)
        wide = self.up(deep) + smooth.mean(1, keepdim=True)
        return self.leave(self.join(torch.cat([wide, first], 1)))


def dice(logits, target):
    p = F.softmax(logits, 1)[:, 1]
    shared = (p * target).sum((1, 2, 3))
    return 1 - ((2 * shared + 1) / (p.sum((1, 2, 3)) + target.sum((1, 2, 3)) + 1)).mean()


def models():
    return {"net": nn.DataParallel(UNet3d())}


def train(nets):
    net = nets["net"].to(device)
    average = AveragedModel(net, multi_avg_fn=get_ema_multi_avg_fn(0.8))
    rng = np.random.RandomState(0)
    x = torch.from_numpy(rng.randn(2, 1, 4, 6, 6).astype(np.float32)).to(device, non_blocking=True)
    y = (F.avg_pool3d(x, 3, 1, 1)[:, 0] > 0).float()
    scaler = GradScaler(enabled=torch.cuda.is_available())
    optimizer = torch.optim.SGD(net.parameters(), 0.05, momentum=0.9, nesterov=True)
    told = []
    for _ in range(3):
        with autocast(enabled=torch.cuda.is_available()):
            logits = net(x)
            loss = dice(logits, y) + nn.CrossEntropyLoss()(logits, y.long())
        optimizer.zero_grad(set_to_none=True)
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        average.update_parameters(net)
        told.append(loss.item())
    net.eval()
    average.eval()
    with torch.inference_mode():
        told += [net(x).abs().mean().item(), average(x).abs().mean().item()]
    return told + [int(average.n_averaged), torch.cuda.device_count()]
