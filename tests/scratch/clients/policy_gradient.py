"""REINFORCE and a critic on a short corridor: Categorical, log_prob, entropy, discounted returns."""
# ruff: noqa

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
from torch.distributions import Categorical


class Policy(nn.Module):
    def __init__(self):
        super().__init__()
        self.affine1 = nn.Linear(4, 16)
        self.action_head = nn.Linear(16, 2)
        self.value_head = nn.Linear(16, 1)
        self.saved_actions = []
        self.rewards = []

    def forward(self, x):
        x = F.relu(self.affine1(x))
        return F.softmax(self.action_head(x), dim=-1), self.value_head(x)


def models():
    return {"policy": Policy()}


def train(m):
    model = m["policy"]
    optimizer = optim.Adam(model.parameters(), lr=3e-2)
    eps = np.finfo(np.float32).eps.item()
    rng = np.random.default_rng(3)
    totals = []
    for episode in range(20):
        place, entropies = 1, []
        for t in range(8):
            state = np.eye(4, dtype=np.float32)[place]
            probs, value = model(torch.from_numpy(state))
            dist = Categorical(probs)
            entropies.append(dist.entropy())
            # the same dice on every engine
            action = torch.tensor(int(rng.random() < probs[1].item()))
            model.saved_actions.append((dist.log_prob(action), value))
            place = max(0, min(3, place + (1 if action.item() else -1)))
            model.rewards.append(float(place == 3))
        R, returns = 0, []
        for r in model.rewards[::-1]:
            R = r + 0.9 * R
            returns.insert(0, R)
        returns = torch.tensor(returns)
        returns = (returns - returns.mean()) / (returns.std() + eps)
        policy_losses, value_losses = [], []
        for (log_prob, value), R in zip(model.saved_actions, returns):
            advantage = R - value.item()
            policy_losses.append(-log_prob * advantage)
            value_losses.append(F.smooth_l1_loss(value, torch.tensor([R])))
        optimizer.zero_grad()
        loss = torch.stack(policy_losses).sum() + torch.stack(value_losses).sum()
        loss = loss - 0.01 * torch.stack(entropies).sum()
        loss.backward()
        optimizer.step()
        totals.append(loss.item())
        del model.rewards[:]
        del model.saved_actions[:]
    return totals
