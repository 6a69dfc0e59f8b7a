"""A residual net with squeeze-and-excitation, SWA, Grad-CAM by hooks, and its print."""
# ruff: noqa

import torch, numpy as np
import torch.nn as nn, torch.nn.functional as F
from torch.optim.swa_utils import AveragedModel, SWALR, update_bn


def conv3x3(i, o, stride=1, groups=1, dilation=1):
    return nn.Conv2d(
        i,
        o,
        kernel_size=3,
        stride=stride,
        padding=dilation,
        groups=groups,
        bias=False,
        dilation=dilation,
    )


class SE(nn.Module):
    def __init__(self, c, r=2):
        super().__init__()
        self.avg = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Sequential(
            nn.Linear(c, c // r, bias=False),
            nn.ReLU(inplace=True),
            nn.Linear(c // r, c, bias=False),
            nn.Sigmoid(),
        )

    def forward(self, x):
        b, c, _, _ = x.size()
        return x * self.fc(self.avg(x).view(b, c)).view(b, c, 1, 1).expand_as(x)


class BasicBlock(nn.Module):
    expansion: int = 1

    def __init__(self, i, o, stride=1, downsample=None, norm=nn.BatchNorm2d):
        super().__init__()
        self.conv1 = conv3x3(i, o, stride)
        self.bn1 = norm(o)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = conv3x3(o, o)
        self.bn2 = norm(o)
        self.se = SE(o)
        self.downsample = downsample
        self.stride = stride

    def forward(self, x):
        identity = x
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.se(self.bn2(self.conv2(out)))
        if self.downsample is not None:
            identity = self.downsample(x)
        out += identity
        return self.relu(out)


class DropPath(nn.Module):
    def __init__(self, p=0.0):
        super().__init__()
        self.p = p

    def forward(self, x):
        if self.p == 0.0 or not self.training:
            return x
        keep = 1 - self.p
        t = x.new_empty((x.shape[0],) + (1,) * (x.ndim - 1)).bernoulli_(keep)
        return x * t / keep


class MBConv(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.b = nn.Sequential(
            nn.Conv2d(c, 2 * c, 1, bias=False),
            nn.BatchNorm2d(2 * c),
            nn.SiLU(),
            nn.Conv2d(2 * c, 2 * c, 3, padding=1, groups=2 * c, bias=False),
            nn.BatchNorm2d(2 * c),
            nn.Hardswish(),
            nn.Conv2d(2 * c, c, 1),
        )
        self.dp = DropPath(0.0)

    def forward(self, x):
        return x + self.dp(self.b(x))


class ResNet(nn.Module):
    def __init__(self, layers, n=5):
        super().__init__()
        self.inplanes = 4
        self.conv1 = nn.Conv2d(3, 4, kernel_size=7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(4)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        self.layer1 = self._make(4, layers[0])
        self.layer2 = self._make(8, layers[1], 2)
        self.mb = MBConv(8)
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(8, n)
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                nn.init.kaiming_normal_(m.weight, mode="fan_out", nonlinearity="relu")
            elif isinstance(m, (nn.BatchNorm2d, nn.GroupNorm)):
                nn.init.constant_(m.weight, 1)
                nn.init.constant_(m.bias, 0)
        for m in self.modules():
            if isinstance(m, BasicBlock) and m.bn2.weight is not None:
                nn.init.constant_(m.bn2.weight, 0)

    def _make(self, planes, blocks, stride=1):
        down = None
        if stride != 1 or self.inplanes != planes:
            down = nn.Sequential(
                nn.Conv2d(self.inplanes, planes, 1, stride, bias=False), nn.BatchNorm2d(planes)
            )
        layers = [BasicBlock(self.inplanes, planes, stride, down)]
        self.inplanes = planes
        for _ in range(1, blocks):
            layers.append(BasicBlock(self.inplanes, planes))
        return nn.Sequential(*layers)

    def forward(self, x):
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.mb(self.layer2(self.layer1(x)))
        return self.fc(torch.flatten(self.avgpool(x), 1))


def models():
    return {"r": ResNet([1, 2])}


def topk_acc(o, t, ks=(1, 2)):
    with torch.no_grad():
        _, pred = o.topk(max(ks), 1, True, True)
        pred = pred.t()
        correct = pred.eq(t.view(1, -1).expand_as(pred))
        return [
            correct[:k].reshape(-1).float().sum(0, keepdim=True).mul_(100.0 / t.size(0)).item()
            for k in ks
        ]


def train(m):
    net = m["r"]
    r = np.random.default_rng(0)
    X = torch.from_numpy(r.standard_normal((8, 3, 16, 16)).astype("f"))
    Y = torch.from_numpy(r.integers(0, 5, 8))
    out = [repr(net), sum(p.numel() for p in net.parameters() if p.requires_grad)]
    decay, no = [], []
    for n, p in net.named_parameters():
        (no if p.ndim <= 1 or n.endswith(".bias") else decay).append(p)
    opt = torch.optim.SGD(
        [{"params": no, "weight_decay": 0.0}, {"params": decay, "weight_decay": 5e-4}],
        lr=0.05,
        momentum=0.9,
    )
    sch = torch.optim.lr_scheduler.SequentialLR(
        opt,
        [
            torch.optim.lr_scheduler.LinearLR(opt, 0.1, total_iters=2),
            torch.optim.lr_scheduler.CosineAnnealingLR(opt, 4),
        ],
        milestones=[2],
    )
    swa = AveragedModel(net)
    swl = SWALR(opt, swa_lr=0.01, anneal_epochs=2)
    for e in range(5):
        net.train()
        o = net(X.to(memory_format=torch.channels_last) if e == 1 else X)
        loss = F.cross_entropy(o, Y)
        opt.zero_grad()
        loss.backward()
        opt.step()
        out += [loss.item(), topk_acc(o, Y)]
        if e > 2:
            swa.update_parameters(net)
            swl.step()
        else:
            sch.step()
    update_bn([(X,), (X,)], swa)
    swa.eval()
    net.eval()
    with torch.inference_mode():
        out += [swa(X).softmax(1).max(1).values.mean().item(), net(X).argmax(1).tolist()]
    cams = []
    h1 = net.layer2.register_forward_hook(lambda mod, i, o: cams.append(o))
    h2 = net.layer2.register_full_backward_hook(lambda mod, gi, go: cams.append(go[0]))
    net(X[:1])[0, 0].backward()
    h1.remove()
    h2.remove()
    w = cams[1].mean(dim=(2, 3), keepdim=True)
    cam = F.relu((w * cams[0]).sum(1, keepdim=True))
    cam = F.interpolate(cam, size=(16, 16), mode="bilinear", align_corners=False)
    out += [
        cam.sum().item(),
        [n for n, p in net.named_parameters() if "bn" in n][:3],
        repr(net.layer2[0].conv1),
        str(opt)[:60],
        [k for k in net.state_dict() if "num_batches" in k][:2],
    ]
    feats = nn.Sequential(*list(net.children())[:-1])
    out.append(list(feats(X).shape))
    net.fc = nn.Identity()
    out.append(list(net(X).shape))
    net.requires_grad_(False)
    out.append(any(p.requires_grad for p in net.parameters()))
    net.layer1[0].conv1.weight.requires_grad = True
    out.append(sum(p.requires_grad for p in net.parameters()))
    return out
