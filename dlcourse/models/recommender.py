"""What would you like: a vector for each person, one for each thing, and their product."""

import functools
from typing import Any


@functools.cache
def Recommender(torch: Any) -> Any:
    """Matrix factorisation with biases (Koren, Bell and Volinsky, 2009)."""
    nn, F = torch.nn, torch.nn.functional

    class Recommender(nn.Module):
        """The rating of a pair is the mean, plus two biases, plus the product of two vectors."""

        def __init__(self, people, things, factors=8, mean=0.0):
            super().__init__()
            self.mean = mean
            self.people, self.things = nn.Embedding(people, factors), nn.Embedding(things, factors)
            self.person_bias, self.thing_bias = nn.Embedding(people, 1), nn.Embedding(things, 1)
            for table in (self.people, self.things):
                nn.init.normal_(table.weight, std=0.1)
            for table in (self.person_bias, self.thing_bias):
                nn.init.zeros_(table.weight)

        def forward(self, pairs):  # (B, 2)
            person, thing = pairs[:, 0], pairs[:, 1]
            taste = (self.people(person) * self.things(thing)).sum(-1)  # (B,)
            bias = self.person_bias(person)[:, 0] + self.thing_bias(thing)[:, 0]
            return self.mean + bias + taste

        def loss(self, pairs, ratings):
            """The mean squared error of the ratings (B,)."""
            return F.mse_loss(self(pairs), ratings)

    return Recommender
