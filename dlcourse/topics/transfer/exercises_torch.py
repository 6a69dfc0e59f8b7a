"""Exercises on a borrowed body in PyTorch: what is frozen, and at which rate the rest moves."""

from typing import Any

import numpy as np
import torch
from torch import nn

from ...teach.exercise import Case, Exercise, Wrong

# --- freeze_body ---------------------------------------------------------------------------------


def freeze_body(model, classes):
    """Freeze model.body, put a new head on it, and return the parameters to train, as a list."""
    for p in model.body.parameters():
        p.requires_grad_(False)  #: no gradient, so no step
    model.body.eval()  # its batch norms keep their running statistics
    model.head = nn.Linear(model.head.in_features, classes)  #: a fresh head of the right size
    return list(model.head.parameters())


class Small(nn.Module):
    """A body with batch norm, and a head that is a linear layer."""

    def __init__(self, D: int, H: int, K: int):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(D, H), nn.BatchNorm1d(H), nn.ReLU())
        self.head = nn.Linear(H, K)

    def forward(self, x):  # (B, D)
        return self.head(self.body(x))  # (B, K)


def _drive_freeze(freeze_body, D: int, H: int, K: int, classes: int) -> dict:
    """What the answer does to a model, and what one step of training then moves."""
    torch.manual_seed(0)
    model: Any = Small(D, H, K)
    old, weights = model.head, {n: v.clone() for n, v in model.body.state_dict().items()}
    returned = list(freeze_body(model, classes))
    mine = {id(p) for p in model.head.parameters()}
    x = torch.linspace(-2, 3, 6 * D).view(6, D).sin() * 3
    before = [p.clone() for p in returned]
    loss = model(x).square().mean()
    if loss.requires_grad and returned:
        torch.optim.SGD(returned, lr=0.1).step(lambda: _backward(model, loss))
    after = model.body.state_dict()
    trained = [n for n, _ in model.body.named_parameters()]
    return {
        "size of the head": np.array(model.head.weight.shape),
        "the head is new": model.head is not old,
        "parameters of the head returned": sum(id(p) in mine for p in returned),
        "other parameters returned": sum(id(p) not in mine for p in returned),
        "parameters of the body that want a gradient": sum(
            p.requires_grad for p in model.body.parameters()
        ),
        "weights of the body left alone": all(torch.equal(after[n], weights[n]) for n in trained),
        "statistics of the body left alone": all(
            torch.equal(v, weights[n]) for n, v in after.items() if n not in trained
        ),
        "returned parameters trained": any(
            not torch.equal(a, b) for a, b in zip(before, returned, strict=True)
        ),
    }


def _backward(model: Any, loss: Any) -> Any:
    model.zero_grad()
    loss.backward()
    return loss


def _freeze_inputs(rng: np.random.Generator, D: int, H: int, K: int) -> dict:
    return {"D": D, "H": H, "K": K, "classes": K + 2}


def _freeze_corners(rng: np.random.Generator) -> list[Case]:
    return [Case("as many classes as before", {"D": 3, "H": 5, "K": 2, "classes": 2})]


def _stopped(model):
    for p in model.body.parameters():
        p.requires_grad_(False)


def _fresh(model, classes):
    model.head = nn.Linear(model.head.in_features, classes)


def _statistics_move(model, classes):
    _stopped(model)
    _fresh(model, classes)
    return list(model.head.parameters())


def _only_eval(model, classes):
    model.body.eval()
    _fresh(model, classes)
    return list(model.head.parameters())


def _eval_and_all(model, classes):
    model.body.eval()
    _fresh(model, classes)
    return list(model.parameters())


def _old_head(model, classes):
    _stopped(model)
    model.body.eval()
    parameters = list(model.head.parameters())
    _fresh(model, classes)
    return parameters


def _head_kept(model, classes):
    _stopped(model)
    model.body.eval()
    return list(model.head.parameters())


def _all_stopped(model, classes):
    _fresh(model, classes)
    for p in model.parameters():
        p.requires_grad_(False)
    model.body.eval()
    return list(model.head.parameters())


def _weight_only(model, classes):
    freeze_body(model, classes)
    return [model.head.weight]


def _everything(model, classes):
    freeze_body(model, classes)
    return list(model.parameters())


FREEZE_BODY = Exercise(
    id="freeze_body",
    title="Freeze the body",
    asks="""`model` is a PyTorch module with a `body`, in which there are batch norms, and a `head`,
a linear layer. It is in training mode. Make it ready to be trained on another task: no weight **and
no running statistic** of the body may move any more, and the head is a new `nn.Linear` for
`classes` classes. Return the list of the parameters that are to be trained: those of the new head
and no others.""",
    reference=freeze_body,
    inputs=_freeze_inputs,
    corners=_freeze_corners,
    drive=_drive_freeze,
    wrongs=(
        Wrong(
            "statistics-move",
            _statistics_move,
            "**The running statistics still move.** `requires_grad_(False)` stops gradients; a "
            "batch norm in training mode follows each batch without any. Put the body in `eval()`.",
            belief="X-02",
            see="transfer-balance#statistics-move",
        ),
        Wrong(
            "only-eval",
            _only_eval,
            "**`eval()` stops no gradient.** It changes how batch norm and dropout behave; the "
            "body's weights still want gradients. `requires_grad_(False)` on each of them.",
            belief="X-03",
        ),
        Wrong(
            "eval-and-all",
            _eval_and_all,
            "**The body is trained.** In `eval()` its weights have gradients as before, and you "
            "return them to be trained.",
            belief="X-03",
            decoy="return list(model.parameters())",
        ),
        Wrong(
            "old-head",
            _old_head,
            "**You return the parameters of the head that was replaced.** An optimizer with them "
            "trains a layer that is in no model, and the new head stays random. Take the list "
            "after the replacement.",
            belief="X-04",
        ),
        Wrong(
            "head-kept",
            _head_kept,
            "**The old head is still there.** It answers with the classes of the source, in their "
            "order. A new task gets a new head of its own size.",
            belief="X-07",
        ),
        Wrong(
            "all-stopped",
            _all_stopped,
            "**The new head wants no gradient either.** Nothing is left to be trained. Stop the "
            "parameters of the body only.",
        ),
        Wrong(
            "weight-only",
            _weight_only,
            "**The bias of the head is missing.** `head.parameters()` gives weight and bias.",
            decoy="return [model.head.weight]",
        ),
        Wrong(
            "everything-returned",
            _everything,
            "**The frozen parameters are returned as well.** Without gradients they do not move, "
            "but asked for are those of the new head alone.",
        ),
    ),
    hints=(
        "Two switches: one for gradients, one for the batch norms.",
        "`model.head.in_features` says how many features come in.",
        "In which order do you replace the head and collect its parameters?",
    ),
    why="""Each of the two switches is half of the work. And `model.train()` at the next epoch turns
the second one back for the whole model; a class that overrides `train`, as in the lesson, keeps it.
The list that you return goes to the optimizer, which knows parameters and no model.""",
    objectives=("DT-4",),
    minutes=8,
    difficulty=2,
)


# --- parameter_groups ----------------------------------------------------------------------------


def parameter_groups(model, lr, factor):
    """Two groups for an optimizer: what is in model.body at factor * lr, the others at lr."""
    body = list(model.body.parameters())
    borrowed = {id(p) for p in body}
    others = [p for p in model.parameters() if id(p) not in borrowed]  #: whatever is not borrowed
    slow = {"params": body, "lr": factor * lr}  #: what was borrowed moves slowly
    return [slow, {"params": others, "lr": lr}]


class Three(nn.Module):
    """A body, a norm that belongs to neither, and a head."""

    def __init__(self, D: int, H: int, K: int, neck: bool):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(D, H), nn.ReLU())
        self.neck = nn.LayerNorm(H) if neck else nn.Identity()
        self.head = nn.Linear(H, K)

    def forward(self, x):  # (B, D)
        return self.head(self.neck(self.body(x)))  # (B, K)


def _drive_groups(parameter_groups, D: int, H: int, K: int, neck: bool, lr: float, factor: float):
    """The rate that an optimizer has for each parameter; -1 where it has none."""
    torch.manual_seed(0)
    model = Three(D, H, K, neck)
    groups = parameter_groups(model, lr, factor)
    optimizer = torch.optim.SGD(groups, lr=77.0)  # where a group forgets its rate
    rates = {id(p): g["lr"] for g in optimizer.param_groups for p in g["params"]}
    return {f"rate of {name}": rates.get(id(p), -1.0) for name, p in model.named_parameters()} | {
        "number of groups": len(optimizer.param_groups)
    }


def _group_inputs(rng: np.random.Generator, D: int, H: int, K: int) -> dict:
    return {"D": D, "H": H, "K": K, "neck": True, "lr": 0.02, "factor": 0.1}


def _group_corners(rng: np.random.Generator) -> list[Case]:
    given = {"D": 2, "H": 3, "K": 2}
    return [
        Case("nothing between body and head", given | {"neck": False, "lr": 0.5, "factor": 0.2}),
        Case("a factor of zero", given | {"neck": True, "lr": 0.1, "factor": 0.0}),
    ]


def _two(first, second):
    """A known-wrong variant: the rate of the body, the rate of the others."""

    def wrong(model, lr, factor):
        groups = parameter_groups(model, lr, factor)
        groups[0]["lr"], groups[1]["lr"] = first(lr, factor), second(lr, factor)
        return groups

    return wrong


def _head_only(model, lr, factor):
    return [
        {"params": list(model.body.parameters()), "lr": factor * lr},
        {"params": list(model.head.parameters()), "lr": lr},
    ]


def _no_body(model, lr, factor):
    return parameter_groups(model, lr, factor)[1:]


def _one_group(model, lr, factor):
    return [{"params": list(model.parameters()), "lr": lr}]


def _rate_forgotten(model, lr, factor):
    groups = parameter_groups(model, lr, factor)
    del groups[1]["lr"]
    return groups


PARAMETER_GROUPS = Exercise(
    id="parameter_groups",
    title="A rate for each part",
    asks="""For fine-tuning in PyTorch: return a list of **two groups** for an optimizer, each a
dictionary with `params` and `lr`. The first holds the parameters of `model.body`, which was
borrowed, at the rate `factor * lr`. The second holds **all other** parameters of the model at the
rate `lr`: those of the head, and of anything else there may be.""",
    reference=parameter_groups,
    inputs=_group_inputs,
    corners=_group_corners,
    drive=_drive_groups,
    wrongs=(
        Wrong(
            "one-rate",
            _two(lambda lr, f: lr, lambda lr, f: lr),
            "**Both groups have the full rate.** With it the first steps, made by a random head, "
            "shake the body, and what was learned on the source is lost.",
            belief="X-05",
            see="transfer-balance#full-rate",
            decoy='slow = {"params": body, "lr": lr}',
        ),
        Wrong(
            "one-group",
            _one_group,
            "**There is one group with one rate.** The body keeps what it knows only if it moves "
            "more slowly than the head.",
            belief="X-05",
            see="transfer-balance#full-rate",
        ),
        Wrong(
            "exchanged",
            _two(lambda lr, f: lr, lambda lr, f: f * lr),
            "**The rates are exchanged.** The small one belongs to the body, which has learned "
            "already; the head is new and has a long way to go.",
            belief="X-05",
        ),
        Wrong(
            "factor-alone",
            _two(lambda lr, f: f, lambda lr, f: lr),
            "**The body's rate is the factor itself.** It is a share of the rate: `factor * lr`.",
            decoy='slow = {"params": body, "lr": factor}',
        ),
        Wrong(
            "divided",
            _two(lambda lr, f: lr / f if f else 1e9, lambda lr, f: lr),
            "**You divide by the factor.** A factor of 0.1 makes the body's rate ten times as "
            "large then, not a tenth.",
            decoy='slow = {"params": body, "lr": lr / factor}',
        ),
        Wrong(
            "head-only",
            _head_only,
            "**Something is in no group.** Between body and head this model has another layer with "
            "parameters. What no group holds is never trained, and nothing says so.",
            belief="X-04",
            decoy="others = list(model.head.parameters())",
        ),
        Wrong(
            "body-left-out",
            _no_body,
            "**The body is in no group.** It would be frozen. Fine-tuning lets it move, slowly.",
        ),
        Wrong(
            "rate-forgotten",
            _rate_forgotten,
            "**The second group has no rate of its own.** It takes whatever the optimizer is made "
            "with; say `lr` in the group.",
            decoy='return [slow, {"params": others}]',
        ),
    ),
    hints=(
        "Which parameters of `model.parameters()` are not among `model.body.parameters()`?",
        "Compare parameters by `id(p)` or with `is`: `==` compares their numbers.",
    ),
    why="""Discriminative rates (Howard and Ruder, 2018) say how far each part is expected to be
from where it should end. Groups hold parameters, so that everything which is in none stays as it
is: after any change of the model, ask the optimizer what it holds.""",
    objectives=("DT-5",),
    minutes=7,
    difficulty=2,
)


EXERCISES = (FREEZE_BODY, PARAMETER_GROUPS)
