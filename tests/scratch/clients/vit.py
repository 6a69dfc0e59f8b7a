"""A vision transformer with a class token and distillation from a small convolutional teacher."""
# ruff: noqa

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F


class PatchEmbed(nn.Module):
    def __init__(self, img_size=8, patch_size=4, in_chans=1, embed_dim=12):
        super().__init__()
        self.num_patches = (img_size // patch_size) ** 2
        self.proj = nn.Conv2d(in_chans, embed_dim, kernel_size=patch_size, stride=patch_size)

    def forward(self, x):
        return self.proj(x).flatten(2).transpose(1, 2)


class Block(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(dim, eps=1e-6), nn.LayerNorm(dim, eps=1e-6)
        self.attn = nn.MultiheadAttention(dim, heads, batch_first=True)
        self.mlp = nn.Sequential(nn.Linear(dim, 2 * dim), nn.GELU(), nn.Linear(2 * dim, dim))
        self.gamma = nn.Parameter(0.1 * torch.ones(dim), requires_grad=True)

    def forward(self, x):
        y = self.norm1(x)
        a, weights = self.attn(y, y, y, need_weights=True, average_attn_weights=False)
        x = x + self.gamma * a
        return x + self.mlp(self.norm2(x)), weights


class ViT(nn.Module):
    def __init__(self, dim=12, depth=2, heads=3, classes=4):
        super().__init__()
        self.patch_embed = PatchEmbed(embed_dim=dim)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, dim))
        self.pos_embed = nn.Parameter(torch.zeros(1, self.patch_embed.num_patches + 1, dim))
        self.blocks = nn.ModuleList([Block(dim, heads) for _ in range(depth)])
        self.norm, self.head = nn.LayerNorm(dim), nn.Linear(dim, classes)
        nn.init.trunc_normal_(self.pos_embed, std=0.02)
        nn.init.normal_(self.cls_token, std=1e-6)
        nn.init.xavier_uniform_(self.head.weight)

    def no_weight_decay(self):
        return {"pos_embed", "cls_token"}

    def forward(self, x):
        x = self.patch_embed(x)
        x = torch.cat((self.cls_token.expand(x.shape[0], -1, -1), x), dim=1) + self.pos_embed
        maps = []
        for blk in self.blocks:
            x, w = blk(x)
            maps.append(w[:, :, 0, 1:])
        return self.head(self.norm(x)[:, 0]), torch.stack(maps)


class Teacher(nn.Sequential):
    def __init__(self, classes=4):
        super().__init__(
            nn.Conv2d(1, 6, 3, padding=1, bias=False),
            nn.BatchNorm2d(6),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(2),
            nn.Flatten(),
            nn.Linear(24, classes),
        )


def models():
    return {"student": ViT(), "teacher": Teacher()}


def mixup(x, y, lam, perm):
    return lam * x + (1 - lam) * x[perm], y, y[perm]


def train(m):
    student, teacher = m["student"], m["teacher"].eval()
    for p in teacher.parameters():
        p.requires_grad_(False)
    skip = student.no_weight_decay()
    decay, rest = [], []
    for name, param in student.named_parameters():
        (rest if param.ndim <= 1 or name.endswith(".bias") or name in skip else decay).append(param)
    optimizer = torch.optim.AdamW([{"params": decay}, {"params": rest, "weight_decay": 0}], lr=3e-3)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-2, total_steps=9)
    rng, T, losses = np.random.default_rng(5), 2.0, []
    x = torch.from_numpy(rng.standard_normal((12, 1, 8, 8)).astype(np.float32))
    y = torch.from_numpy(rng.integers(0, 4, 12))
    kl = nn.KLDivLoss(reduction="batchmean", log_target=False)
    for _ in range(6):
        perm = torch.from_numpy(rng.permutation(12))
        xm, ya, yb = mixup(x, y, 0.7, perm)
        logits, _ = student(xm)
        with torch.no_grad():
            soft = F.softmax(teacher(xm) / T, dim=1)
        distill = kl(F.log_softmax(logits / T, dim=1), soft) * T * T
        hard = 0.7 * F.cross_entropy(logits, ya) + 0.3 * F.cross_entropy(logits, yb)
        loss = 0.5 * distill + 0.5 * hard
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(student.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        losses.append(loss.item())
    student.eval()
    with torch.no_grad():
        logits, maps = student(x)
    confusion = torch.zeros(4, 4, dtype=torch.int64)
    for t, p in zip(y.view(-1), logits.argmax(1).view(-1)):
        confusion[t.long(), p.long()] += 1
    assert confusion.sum() == 12 and maps.shape == (2, 12, 3, 4)
    return losses, maps.mean(dim=(1, 2, 3)).tolist(), scheduler.get_last_lr()
