"""A variational autoencoder on small binary pictures, with the reparametrised Gaussian."""
# ruff: noqa

import numpy as np
import torch
from torch import nn, optim
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset


class VAE(nn.Module):
    def __init__(self, pixels=64, hidden=24, latent=3):
        super().__init__()
        self.fc1 = nn.Linear(pixels, hidden)
        self.fc21 = nn.Linear(hidden, latent)
        self.fc22 = nn.Linear(hidden, latent)
        self.fc3 = nn.Linear(latent, hidden)
        self.fc4 = nn.Linear(hidden, pixels)

    def encode(self, x):
        h1 = F.relu(self.fc1(x))
        return self.fc21(h1), self.fc22(h1)

    def reparameterize(self, mu, logvar):
        std = torch.exp(0.5 * logvar)
        eps = torch.randn_like(std)
        return mu + eps * std

    def decode(self, z):
        return torch.sigmoid(self.fc4(F.relu(self.fc3(z))))

    def forward(self, x):
        mu, logvar = self.encode(x.view(-1, 64))
        return self.decode(self.reparameterize(mu, logvar)), mu, logvar


def loss_function(recon_x, x, mu, logvar):
    bce = F.binary_cross_entropy(recon_x, x.view(-1, 64), reduction="sum")
    kld = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
    return bce + kld


def pictures(n=96):
    rng = np.random.default_rng(5)
    image = np.zeros((n, 1, 8, 8), np.float32)
    for i, (row, col) in enumerate(rng.integers(0, 5, (n, 2))):
        image[i, 0, row : row + 4, col : col + 4] = 1
    return image


def models():
    return {"vae": VAE()}


def train(m):
    model = m["vae"].to(torch.device("cpu"))
    images = torch.from_numpy(pictures())
    loader = DataLoader(TensorDataset(images, torch.zeros(len(images)).long()), batch_size=20)
    optimizer = optim.Adam(model.parameters(), lr=1e-2)
    losses = []
    for _ in range(3):
        model.train()
        total = 0
        for data, _ in loader:
            optimizer.zero_grad()
            recon, mu, logvar = model(data)
            loss = loss_function(recon, data, mu, logvar)
            loss.backward()
            total += loss.item()
            optimizer.step()
        losses.append(total / len(loader.dataset))
    with torch.no_grad():
        sample = model.decode(torch.randn(4, 3)).cpu().view(4, 1, 8, 8)
    return losses, sample.numpy().round(4).tolist()
