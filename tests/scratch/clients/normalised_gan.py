"""A critic with spectral norms against a generator with weight norms, in the buffers of old code."""
# ruff: noqa

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.autograd import Variable
from torch.nn.utils import spectral_norm, weight_norm
from torch.nn.utils import parametrizations


class Up(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.conv = weight_norm(nn.ConvTranspose2d(i, o, 4, 2, 1), dim=1)
        self.slope = nn.Parameter(torch.Tensor(o).fill_(0.25))

    def forward(self, x):
        return F.prelu(self.conv(x), self.slope)


def generator(nz=6):
    return nn.Sequential(
        parametrizations.weight_norm(nn.Linear(nz, 32)),
        nn.Unflatten(1, (8, 2, 2)),
        Up(8, 4),
        weight_norm(nn.ConvTranspose2d(4, 1, 4, 2, 1)),
        nn.Tanh(),
    )


def critic():
    return nn.Sequential(
        spectral_norm(nn.Conv2d(1, 4, 4, 2, 1)),
        nn.LeakyReLU(0.1, inplace=True),
        parametrizations.spectral_norm(nn.Conv2d(4, 8, 4, 2, 1)),
        nn.LeakyReLU(0.1, inplace=True),
        nn.Flatten(),
        spectral_norm(nn.Linear(32, 1), n_power_iterations=2),
    )


def models():
    return {"G": generator(), "D": critic()}


def train(nets):
    G, D = nets["G"], nets["D"]
    real, noise = torch.FloatTensor(4, 1, 8, 8), torch.FloatTensor(4, 6)
    real, noise = Variable(real), Variable(noise)
    optimizers = [
        torch.optim.Adam(filter(lambda p: p.requires_grad, net.parameters()), 1e-3, (0.0, 0.9))
        for net in (D, G)
    ]
    rng, told = np.random.RandomState(1), []
    for step in range(3):
        batch = torch.from_numpy(rng.randn(3 + step % 2, 1, 8, 8).astype("float32")).tanh()
        real.resize_(batch.size()).copy_(batch)
        noise.resize_(batch.size(0), 6)
        noise.data.copy_(torch.from_numpy(rng.randn(batch.size(0), 6).astype("float32")))

        D.zero_grad()
        fake = G(noise)
        loss_d = F.relu(1 - D(real)).mean() + F.relu(1 + D(fake.detach())).mean()
        loss_d.backward()
        optimizers[0].step()

        G.zero_grad()
        loss_g = -D(fake).mean()
        loss_g.backward()
        optimizers[1].step()
        told += [loss_d.item(), loss_g.item()]
    for net in (G, D):
        net.eval()
    told.append(D(G(noise)).data.mean().item())
    weight = G[0].weight  # computed each time it is read
    told.append(weight.norm(dim=1).sum().item())
    return told + [sorted(D.state_dict())[:4], "%.3f" % told[0]]
