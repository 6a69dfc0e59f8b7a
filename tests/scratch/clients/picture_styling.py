"""Style by optimising a picture: Gram matrices of a fixed network, and L-BFGS with a closure."""
# ruff: noqa

import copy

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")


class ContentLoss(nn.Module):
    def __init__(self, target):
        super().__init__()
        self.target = target.detach()

    def forward(self, input):
        self.loss = F.mse_loss(input, self.target)
        return input


def gram_matrix(input):
    a, b, c, d = input.size()
    features = input.view(a * b, c * d)
    return torch.mm(features, features.t()).div(a * b * c * d)


class StyleLoss(nn.Module):
    def __init__(self, target_feature):
        super().__init__()
        self.target = gram_matrix(target_feature).detach()

    def forward(self, input):
        self.loss = F.mse_loss(gram_matrix(input), self.target)
        return input


class Normalization(nn.Module):
    def __init__(self, mean, std):
        super().__init__()
        self.mean = mean.clone().detach().view(-1, 1, 1)
        self.std = std.clone().detach().view(-1, 1, 1)

    def forward(self, img):
        return (img - self.mean) / self.std


def models():
    cnn = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1),
        nn.ReLU(inplace=True),
        nn.Conv2d(8, 8, 3, padding=1),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2, 2),
    )
    return {"cnn": cnn.double()}


def with_losses(cnn, style_img, content_img):
    norm = Normalization(torch.tensor([0.48, 0.45, 0.4]), torch.tensor([0.22, 0.22, 0.22]))
    model, styles, contents = nn.Sequential(norm), [], []
    i = 0
    for layer in copy.deepcopy(cnn).children():
        if isinstance(layer, nn.Conv2d):
            i += 1
            name = f"conv_{i}"
        elif isinstance(layer, nn.ReLU):
            name = f"relu_{i}"
            layer = nn.ReLU(inplace=False)
        else:
            name = f"pool_{i}"
        model.add_module(name, layer)
        if name == "conv_2":
            contents.append(ContentLoss(model(content_img)))
            model.add_module("content_loss", contents[-1])
        if name.startswith("conv"):
            styles.append(StyleLoss(model(style_img)))
            model.add_module(f"style_loss_{i}", styles[-1])
    return model[:-2], styles, contents


def train(m):
    rng = np.random.default_rng(0)
    style, content = (torch.from_numpy(rng.random((1, 3, 12, 12))) for _ in range(2))
    model, styles, contents = with_losses(m["cnn"].eval(), style, content)
    picture = content.clone()
    picture.requires_grad_(True)
    model.eval()
    model.requires_grad_(False)
    optimizer = optim.LBFGS([picture], max_iter=10)
    run, losses = [0], []
    while run[0] < 30:

        def closure():
            with torch.no_grad():
                picture.clamp_(0, 1)
            optimizer.zero_grad()
            model(picture)
            style_score = sum(s.loss for s in styles) * 1e3
            content_score = sum(c.loss for c in contents)
            loss = style_score + content_score
            loss.backward()
            run[0] += 1
            losses.append(loss.item())
            return style_score + content_score

        optimizer.step(closure)
    with torch.no_grad():
        picture.clamp_(0, 1)
    assert losses[-1] < losses[0]
    return [*losses, *picture.detach().flatten()[:20].tolist()]
