"""Optional data, from a server of our own on this machine: formats, checksums, cuts and outages."""

import gzip
import hashlib
import io
import tarfile
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from dlcourse import data
from dlcourse.data import download

R = np.random.default_rng(0)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_args):
        pass


@pytest.fixture
def server(tmp_path):
    """A folder that is served over HTTP; `server.publish` makes it the source of a set."""
    root = tmp_path / "served"
    root.mkdir()
    http = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(root)))
    worker = threading.Thread(target=http.serve_forever)
    worker.start()
    http.root = root
    yield http
    http.shutdown()
    worker.join()
    http.server_close()


@pytest.fixture
def publish(server, tmp_path, monkeypatch):
    monkeypatch.setenv("DLCOURSE_DATA", str(tmp_path / "kept"))

    def publish(name, files):
        for file, content in files.items():
            (server.root / file).write_bytes(content)
        source = {
            "base": f"http://127.0.0.1:{server.server_port}/",
            "megabytes": 0.1,
            "instead": download.sources()[name]["instead"],
            "files": {f: hashlib.sha256(c).hexdigest() for f, c in files.items()},
        }
        changed = {**download.sources(), name: source}
        monkeypatch.setattr(download, "sources", lambda: changed)

    return publish


def idx(array):
    head = bytes([0, 0, 8, array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape)
    return gzip.compress(head + array.astype(np.uint8).tobytes())


def archive(files):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return stream.getvalue()


def digit_files(train=40, test=10):
    return {
        "train-images-idx3-ubyte.gz": idx(R.integers(0, 256, (train, 28, 28))),
        "train-labels-idx1-ubyte.gz": idx(np.arange(train) % 2),
        "t10k-images-idx3-ubyte.gz": idx(R.integers(0, 256, (test, 28, 28))),
        "t10k-labels-idx1-ubyte.gz": idx(np.arange(test) % 2),
    }


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
def test_idx_files_become_pictures(publish, name):
    files = digit_files()
    publish(name, files)
    d = getattr(data, name)()
    assert [len(p) for p in (d.train, d.valid, d.test)] == [36, 4, 10]
    assert d.test.x.shape == (10, 1, 28, 28)
    raw = gzip.decompress(files["t10k-images-idx3-ubyte.gz"])[16:]
    first = np.frombuffer(raw, np.uint8)[:784].reshape(28, 28)
    np.testing.assert_allclose(d.test.x[0, 0] * 255, first, atol=1e-3)
    np.testing.assert_array_equal(d.test.y, np.arange(10) % 2)
    assert getattr(data, name)(flat=True).train.x.shape == (36, 784)
    assert len(d.labels) == 10


def test_cifar_binary_files_become_colour_pictures(publish):
    def rows(n, label):
        pixels = np.zeros((n, 3, 32, 32), np.uint8)
        pixels[:, 0, 0, 1] = 255  # red, first row, second column
        return b"".join(bytes([label]) + p.tobytes() for p in pixels)

    folder = "cifar-10-batches-bin"
    files = {f"{folder}/data_batch_{i}.bin": rows(8, i % 2) for i in range(1, 6)}
    files |= {f"{folder}/test_batch.bin": rows(4, 9), f"{folder}/readme.html": b"no data"}
    publish("cifar10", {"cifar-10-binary.tar.gz": archive(files)})
    d = data.cifar10()
    assert [len(p) for p in (d.train, d.valid, d.test)] == [36, 4, 4]
    assert d.train.x.shape[1:] == (3, 32, 32)
    assert d.train.x[0, 0, 0, 1] == 1
    assert d.train.x[0].sum() == 1
    assert d.labels[d.test.y[0]] == "truck"


def test_reviews_become_words(publish):
    files = {}
    for part in ("train", "test"):
        for i in range(10):
            files[f"aclImdb/{part}/pos/{i}_9.txt"] = b"A good film.<br />Very good"
            files[f"aclImdb/{part}/neg/{i}_1.txt"] = b"A bad film" + b" indeed" * (part == "test")
        files[f"aclImdb/{part}/unsup/0_0.txt"] = b"not labelled"
    publish("imdb", {"aclImdb_v1.tar.gz": archive(files)})
    d = data.imdb(length=6)
    assert [len(p) for p in (d.train, d.valid, d.test)] == [18, 2, 20]
    assert d.train.y.mean() == 0.5
    good = d.vocabulary.decode(d.train.x[d.train.y == 1][0], " ")
    assert good == "a good film . very good"
    bad = d.vocabulary.decode(d.test.x[d.test.y == 0][0], " ")
    assert bad.split() == ["a", "bad", "film", "_"]  # `indeed` occurs in no training review
    assert "labelled" not in d.vocabulary.symbols


def test_shakespeare_is_cut_in_order(publish):
    text = "".join(chr(97 + i % 26) for i in range(1000))
    publish("shakespeare", {"input.txt": text.encode()})
    play = data.shakespeare()
    assert play.train + play.valid + play.test == text
    assert [len(p) for p in (play.train, play.valid, play.test)] == [800, 100, 100]
    assert len(play.vocabulary) == 26


def test_what_was_fetched_once_works_offline(publish, server):
    publish("mnist", digit_files())
    first = data.mnist()
    for file in server.root.iterdir():
        file.unlink()
    np.testing.assert_array_equal(data.mnist().train.x, first.train.x)


def test_offline_without_a_copy_says_what_to_do(publish, monkeypatch):
    publish("mnist", digit_files())
    unreachable = {**download.sources()["mnist"], "base": "http://127.0.0.1:9/"}
    monkeypatch.setattr(download, "sources", lambda: {"mnist": unreachable})
    with pytest.raises(data.OfflineError, match="Go online once") as error:
        data.mnist()
    assert "data.digits() is always here" in str(error.value)
    assert not [p for p in download.folder("mnist").rglob("*") if p.is_file()]


def test_a_file_that_is_not_there_is_an_outage(publish, server):
    publish("shakespeare", {"input.txt": b"text"})
    (server.root / "input.txt").unlink()
    with pytest.raises(data.OfflineError, match=r"data\.prose\(\) is always here"):
        data.shakespeare()


@pytest.mark.parametrize("damage", ["cut", "changed", "empty"])
def test_wrong_bytes_are_removed_and_explained(publish, server, damage):
    files = digit_files()
    publish("mnist", files)
    name = "train-images-idx3-ubyte.gz"
    whole = files[name]
    wrong = {"cut": whole[: len(whole) // 2], "changed": whole[:-1] + b"x", "empty": b""}[damage]
    (server.root / name).write_bytes(wrong)
    with pytest.raises(data.DamagedError, match="removed; nothing was kept"):
        data.mnist()
    left = [p.name for p in download.folder("mnist").iterdir() if p.is_file()]
    assert not any(name in p for p in left)
    (server.root / name).write_bytes(whole)
    assert len(data.mnist().test) == 10


def test_a_damaged_copy_is_fetched_again(publish):
    publish("mnist", digit_files())
    data.mnist()
    kept = download.folder("mnist") / "t10k-labels-idx1-ubyte.gz"
    kept.write_bytes(kept.read_bytes()[:-3])
    assert len(data.mnist().test.y) == 10


def test_a_damaged_copy_is_never_used_offline(publish, server):
    publish("mnist", digit_files())
    data.mnist()
    kept = download.folder("mnist") / "t10k-labels-idx1-ubyte.gz"
    kept.write_bytes(b"half")
    (server.root / kept.name).unlink()
    with pytest.raises(data.OfflineError, match="was damaged and has been removed"):
        data.mnist()
    assert not kept.exists()


def test_nothing_is_printed(publish, capsys):
    publish("shakespeare", {"input.txt": b"text"})
    data.shakespeare()
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("content", [b"\0\0\x0d\x01\0\0\0\x01\0", b"\0\0\x08\x01\0\0\0\x05abc"])
def test_a_file_of_another_format_is_refused(tmp_path, content):
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(content))
    with pytest.raises(ValueError, match=r"no IDX file|but has 3 bytes"):
        download.read_idx(path)


def test_every_source_has_checksums_and_something_to_use_instead():
    for source in download.sources().values():
        assert source["base"].startswith("https://")
        assert source["base"].endswith("/")
        assert data.card(source["instead"]).offline
        assert all(len(bytes.fromhex(h)) == 32 for h in source["files"].values())


def test_the_offline_sets_need_no_network(monkeypatch):
    import socket

    def refuse(*_args, **_options):
        raise AssertionError("the network was used")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    for name in data.cards():
        if data.card(name).offline:
            getattr(data, name)()
