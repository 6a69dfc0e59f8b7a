"""The loop on both engines: it learns, it stops, and a killed run ends as an unbroken one."""

import importlib
import os
import re
import signal
import subprocess
import sys
import textwrap
import threading
from contextlib import contextmanager

import numpy as np
import pytest

from dlcourse import data
from dlcourse.data import Batches
from dlcourse.models import MLP
from dlcourse.teach import train
from dlcourse.teach.train import cosine, fit, predict

ENGINES = [importlib.import_module(name) for name in ("torch", "dlcourse.scratch")]
DIGITS = data.digits()


@pytest.fixture(params=ENGINES, ids=lambda e: e.__name__)
def engine(request):
    return request.param


def small(engine, seed=0):
    engine.manual_seed(seed)
    return MLP(engine)([64, 16, 10])


def weights(model):
    return [np.array(p.detach().numpy()) for p in model.parameters()]


def some(n=200, size=25, **options):
    return Batches([DIGITS.train.x[:n], DIGITS.train.y[:n]], size, **options)


def test_it_learns_digits(engine):
    model = small(engine)
    history = fit(
        model,
        DIGITS.train.batches(32),
        epochs=8,
        lr=0.01,
        valid=DIGITS.valid.batches(256),
        metrics={
            "accuracy": lambda m: np.mean(predict(m, DIGITS.valid.x).argmax(1) == DIGITS.valid.y)
        },
    )
    assert history["accuracy"][-1] > 0.9
    assert history["train"][-1] < 0.5 * history["train"][0]
    assert history["epoch"] == list(range(1, 9))
    assert len(history.steps) == 8 * 37
    assert history.stopped == "finished 8 epochs"
    assert history.seconds > 0


def test_both_engines_see_the_same_batches_and_learn_the_same():
    models = [small(e) for e in ENGINES]
    models[0].load_state_dict(
        {k: ENGINES[0].tensor(np.array(v)) for k, v in _arrays(models[1]).items()}
    )
    runs = [fit(m, some(), epochs=2, optimizer="SGD", lr=0.1) for m in models]
    np.testing.assert_allclose(runs[0].steps, runs[1].steps, rtol=1e-4)


def _arrays(model):
    return {name: p.detach().numpy() for name, p in model.named_parameters()}


@pytest.mark.parametrize("stop", [1, 3])
@pytest.mark.parametrize("rule", ["SGD", "Adam"])
def test_a_run_that_was_cut_ends_as_an_unbroken_one(engine, tmp_path, stop, rule):
    path = tmp_path / "run.npz"
    options = {"momentum": 0.9} if rule == "SGD" else {}
    common = {
        "optimizer": rule, "lr": 0.01, "options": options, "schedule": cosine(40, warm_up=4),
        "valid": some(50), "clip": 1.0,
    }  # fmt: skip
    whole, first = small(engine), small(engine)
    unbroken = fit(whole, some(), epochs=5, **common)
    fit(first, some(), epochs=stop, checkpoint=path, **common)
    second = small(engine, seed=9)
    resumed = fit(second, some(), epochs=5, checkpoint=path, **common)
    assert resumed.rows == unbroken.rows
    assert resumed.steps == unbroken.steps
    for a, b in zip(weights(second), weights(whole), strict=True):
        np.testing.assert_array_equal(a, b)


def test_dropout_does_not_spoil_a_resumed_run(engine, tmp_path):
    def noisy():
        engine.manual_seed(0)
        nn = engine.nn
        return nn.Sequential(nn.Linear(64, 16), nn.ReLU(), nn.Dropout(0.5), nn.Linear(16, 10))

    whole, second = noisy(), noisy()
    unbroken = fit(whole, some(), epochs=4)
    fit(noisy(), some(), epochs=2, checkpoint=tmp_path / "run.npz")
    assert fit(second, some(), epochs=4, checkpoint=tmp_path / "run.npz").steps == unbroken.steps


def test_a_scheduler_of_the_engine_is_stepped_and_kept(engine, tmp_path):
    def run(epochs, path=None):
        model = small(engine)
        optimizer = engine.optim.SGD(list(model.parameters()), lr=0.1)
        scheduler = engine.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.1)
        return fit(
            model, some(), optimizer=optimizer, schedule=scheduler, epochs=epochs, checkpoint=path
        )

    whole = run(5)
    np.testing.assert_allclose(whole["lr"], [0.1, 0.1, 0.01, 0.01, 0.001])
    run(3, tmp_path / "run.npz")
    assert run(5, tmp_path / "run.npz").rows == whole.rows


KILLED = """
import importlib, os, sys
import numpy as np
from dlcourse import data
from dlcourse.models import MLP
from dlcourse.teach.train import fit
engine = importlib.import_module(sys.argv[1])
engine.manual_seed(0)
model = MLP(engine)([64, 16, 10])
part = data.digits().train.take(slice(200))
def die(model, row):
    if row["epoch"] == 3: os._exit(9)
fit(model, part.batches(25), epochs=6, checkpoint=sys.argv[2], after_epoch=die)
"""


def test_a_killed_process_resumes_to_the_same_numbers(engine, tmp_path):
    path = tmp_path / "run.npz"
    command = [sys.executable, "-c", textwrap.dedent(KILLED), engine.__name__, str(path)]
    assert subprocess.run(command, check=False).returncode == 9
    resumed = fit(small(engine, 5), some(), epochs=6, checkpoint=path)
    assert resumed.steps == fit(small(engine), some(), epochs=6).steps
    assert [p.name for p in tmp_path.iterdir()] == ["run.npz"]


def test_a_checkpoint_of_another_run_is_refused(engine, tmp_path):
    fit(small(engine), some(), epochs=1, checkpoint=tmp_path / "run.npz")
    other = MLP(engine)([64, 8, 10])
    with pytest.raises(ValueError, match="another run"):
        fit(other, some(), epochs=2, checkpoint=tmp_path / "run.npz")


@pytest.mark.parametrize("damage", [b"", b"no archive", "cut"])
def test_a_damaged_checkpoint_says_what_to_do(engine, tmp_path, damage):
    path = tmp_path / "run.npz"
    fit(small(engine), some(), epochs=1, checkpoint=path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2] if damage == "cut" else damage)
    with pytest.raises(ValueError, match="Delete it to start again"):
        fit(small(engine), some(), epochs=2, checkpoint=path)


def test_early_stopping_keeps_the_best_weights(engine):
    part = DIGITS.train.take(slice(40))  # so few that it soon learns them by heart
    model = small(engine)
    valid = DIGITS.valid.batches(512)
    history = fit(model, part.batches(10), epochs=400, lr=0.03, valid=valid, patience=5)
    best = history.best
    assert history.stopped == f"stopped early: epoch {int(best['epoch'])} was the best"
    assert len(history) == best["epoch"] + 5
    assert train.Trainer(model).loss_on(valid) == pytest.approx(best["valid"], rel=1e-5)


def test_early_stopping_without_validation_is_refused(engine):
    with pytest.raises(ValueError, match="needs `valid`"):
        fit(small(engine), some(), patience=2)


def test_clipping_bounds_the_step(engine):
    model = small(engine)
    before = weights(model)
    fit(model, some(25), epochs=1, optimizer="SGD", lr=1.0, clip=0.01)
    moved = np.sqrt(sum(((a - b) ** 2).sum() for a, b in zip(weights(model), before, strict=True)))
    assert moved == pytest.approx(0.01, rel=1e-3)


def test_a_loss_that_is_not_a_number_stops_the_run_and_says_why(engine):
    model = small(engine)
    history = fit(model, some(), optimizer="SGD", lr=1e30, epochs=50)
    assert "try a smaller learning rate" in history.stopped
    assert not np.isfinite(history.steps[-1])


def test_an_interrupt_ends_the_step_and_keeps_everything(engine, tmp_path):
    path = tmp_path / "run.npz"
    whole = fit(small(engine), some(), epochs=4)

    def interrupting(rng, batch):
        if interrupting.left == 0:
            os.kill(os.getpid(), signal.SIGINT)
        interrupting.left -= 1
        return batch

    interrupting.left = 19  # eight steps an epoch: inside epoch 3
    model = small(engine)
    before = signal.getsignal(signal.SIGINT)
    history = fit(model, some(augment=interrupting), epochs=4, checkpoint=path)
    assert signal.getsignal(signal.SIGINT) is before
    assert history.stopped == "interrupted after step 20, in epoch 3"
    assert len(history) == 2
    np.testing.assert_allclose(history.steps, whole.steps[:20])
    assert np.isfinite(predict(model, DIGITS.test.x)).all()
    resumed = fit(model, some(), epochs=4, checkpoint=path)
    assert resumed.steps == whole.steps


KERNEL_RUN = """
import importlib
from dlcourse import data
from dlcourse.models import MLP
from dlcourse.teach.train import fit, predict
engine = importlib.import_module({name!r})
engine.manual_seed(0)
model = MLP(engine)([64, 16, 10])
digits = data.digits()
batches = digits.train.batches(32)
told = lambda m: print("epoch", flush=True) or 0.0
history = fit(model, batches, epochs=100_000, metrics={{"told": told}}, checkpoint={path!r})
"""
KERNEL_LOOK = """
steps = len(history.steps)
finite = bool((predict(model, digits.test.x) ** 2).sum() < float("inf"))
print(history.stopped.split(" after")[0], steps >= len(batches), finite)
epochs = len(history) + 1
again = fit(model, batches, epochs=epochs, metrics={"told": told}, checkpoint=checkpoint)
print(again.stopped, len(again) == epochs, again.steps[:steps] == history.steps[:steps], "seen")
"""


def test_the_stop_button_of_a_kernel_keeps_model_history_and_checkpoint(engine, tmp_path):
    path = str(tmp_path / "run.npz")
    with a_kernel() as (manager, client):
        client.execute(KERNEL_RUN.format(name=engine.__name__, path=path))
        printed(client, until="epoch\nepoch")
        manager.interrupt_kernel()
        assert client.get_shell_msg(timeout=60)["content"]["status"] == "ok"
        client.execute(f"checkpoint = {path!r}\n{KERNEL_LOOK}")
        said = printed(client, until="seen\n")
    assert "interrupted True True" in said
    assert re.search(r"finished \d+ epochs True True", said), said


@contextmanager
def a_kernel():
    """A kernel such as a notebook has, and its client."""
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(kernel_name="python3")
    try:
        yield manager, client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def printed(client, until: str) -> str:
    """What the kernel prints, up to the text `until` and the end of that message."""
    said = ""
    while until not in said:
        message = client.get_iopub_msg(timeout=60)
        assert message["msg_type"] != "error", message["content"]["evalue"]
        if message["msg_type"] == "stream":
            said += message["content"]["text"]
    return said


def test_a_second_interrupt_does_not_wait(engine):
    def twice(rng, batch):
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        return batch

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        fit(small(engine), some(augment=twice))
    assert signal.getsignal(signal.SIGINT) is before


def test_it_runs_in_another_thread(engine):
    found = []
    worker = threading.Thread(target=lambda: found.append(fit(small(engine), some(), epochs=1)))
    worker.start()
    worker.join()
    assert found[0].stopped == "finished 1 epochs"


def test_nothing_is_printed_unless_asked(engine, capsys):
    fit(small(engine), some(), epochs=2)
    assert capsys.readouterr() == ("", "")
    fit(small(engine), some(), epochs=2, progress=True)
    assert "epoch" in capsys.readouterr().err


def test_players_train_their_own_part(engine):
    nn = engine.nn

    class Pair(nn.Module):
        def __init__(self):
            super().__init__()
            self.up, self.down = nn.Linear(1, 1), nn.Linear(1, 1)

    model = Pair()
    before = weights(model)
    losses = {"up": lambda m, x: (m.up(x) + m.down(x)).mean(), "down": lambda m, x: m.up(x).mean()}
    fit(model, [(np.ones((4, 1), np.float32),)], loss=losses, epochs=1, optimizer="SGD", lr=1.0)
    moved = [float((a - b).ravel()[0]) for a, b in zip(weights(model), before, strict=True)]
    np.testing.assert_allclose(moved, [-1, -1, 0, 0], atol=1e-6)


def test_evaluating_puts_the_mode_back(engine):
    model = small(engine)
    for mode in (True, False):
        model.train(mode)
        predict(model, DIGITS.test.x[:5])
        assert model.training is mode


def test_what_is_no_module_is_refused():
    with pytest.raises(TypeError, match=r"derive it from nn\.Module"):
        train.engine_of(object())


def test_no_data_is_refused(engine):
    with pytest.raises(ValueError, match="data are empty"):
        fit(small(engine), [], epochs=1)


def test_the_history_reads_well():
    history = train.History(
        [{"epoch": i, "train": 1 / i, "lr": 0.1} for i in range(1, 9)], [], "end"
    )
    assert history["train"][1] == 0.5
    assert history.best["epoch"] == 8
    assert repr(history).splitlines()[0].split() == ["epoch", "train", "lr"]
    assert repr(history).endswith("end")
    with pytest.raises(KeyError, match="there are epoch, train, lr"):
        history["valid"]


def test_the_cosine_rises_then_falls():
    factor = cosine(10, warm_up=4, floor=0.1)
    rates = [factor(i) for i in range(12)]
    np.testing.assert_allclose(rates[:4], [0.25, 0.5, 0.75, 1.0])
    assert rates[4] == 1.0
    assert rates[4:11] == sorted(rates[4:11], reverse=True)
    assert rates[11] == pytest.approx(0.1)
