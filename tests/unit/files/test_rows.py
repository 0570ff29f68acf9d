"""Rows in files: they come back as they were, go by their path, and go away with whoever holds them."""

import errno
import gc
import pickle
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from emo_core.errors import ExportError
from emo_core.files import rows, scratch


@pytest.fixture(autouse=True)
def place(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def written(path, blocks):
    writer = rows.RowWriter(path, (sum(map(len, blocks)), *blocks[0].shape[1:]), blocks[0].dtype)
    for block in blocks:
        writer.append(block)
    return writer.open()


@given(
    arrays.arrays(
        st.sampled_from([np.uint8, np.float32]),
        arrays.array_shapes(min_dims=1, max_dims=3, min_side=1),
        fill=st.just(0),
    ),
    st.data(),
)
def test_rows_come_back_whatever_the_blocks(values, data):
    cut = data.draw(st.integers(0, len(values)))
    picked = np.array(data.draw(st.lists(st.integers(0, len(values) - 1))), np.intp)
    with scratch.folder() as folder:
        blocks = [values[:cut], values[cut:]]
        found = written(folder / "a.npy", blocks)
        np.testing.assert_array_equal(found, values)
        np.testing.assert_array_equal(np.load(folder / "a.npy"), values)  # an ordinary file of NumPy's
        log = rows.RowLog(folder)
        assert [log.append(block) for block in blocks] == [0, cut]
        np.testing.assert_array_equal(log.read(picked), values[picked])


def test_what_is_picked_or_computed_is_an_ordinary_array(place):
    found = written(place / "a.npy", [np.arange(6, dtype=np.float32).reshape(3, 2)])
    for made in (found[1:], found[[0, 2]], found + 1, found.mean(axis=0)):
        assert type(made) is np.ndarray
    assert isinstance(found.sum(), np.float32)
    with pytest.raises(ValueError, match="read-only"):
        found[0, 0] = 1


def test_it_is_pickled_by_its_path_and_a_part_by_its_content(place):
    found = written(place / "a.npy", [np.ones((10_000, 4), np.float32)])
    content = pickle.dumps(found)
    assert len(content) < 300
    again = pickle.loads(content)
    assert (type(again), again.path) == (rows.FileRows, found.path)
    np.testing.assert_array_equal(again, found)
    assert pickle.loads(pickle.dumps(found[:2])).tolist() == [[1] * 4] * 2


def test_memory_is_given_back_and_read_again(place):
    found = written(place / "a.npy", [np.full((1000, 1000), 3, np.uint8)])
    for values in (found, np.asarray(found), np.full(3, 3)):
        total = int(values.sum())
        rows.release(values)
        assert int(values.sum()) == total


def test_a_lasting_folder_goes_with_the_last_array_in_it(place):
    lasting = scratch.Lasting()
    found = written(lasting.path / "a.npy", [np.zeros((3, 2))])
    part = found[1:]
    assert scratch.sweep() == 0
    del lasting
    gc.collect()
    assert found.path.exists()
    del found
    gc.collect()
    del part
    gc.collect()
    assert list(place.iterdir()) == []


def test_what_another_process_put_into_a_lasting_folder_holds_on_to_it(place):
    lasting = scratch.Lasting()
    content = pickle.dumps(written(lasting.path / "a.npy", [np.zeros((3, 2))]))
    found = pickle.loads(content)  # as it arrives from a worker
    del lasting
    gc.collect()
    assert found.path.exists()
    del found
    gc.collect()
    assert list(place.iterdir()) == []
    with pytest.raises(OSError, match="No such file"):
        pickle.loads(content)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
def test_a_full_disk_is_one_sentence(place, monkeypatch):
    writer = rows.RowWriter(place / "a.npy", (3, 2), np.float32)
    with Path("/dev/full").open("wb", buffering=0) as full:
        monkeypatch.setattr(writer, "_file", full)
        with pytest.raises(ExportError, match=r"no space left on device\): free some space") as caught:
            writer.append(np.zeros((3, 2)))
    assert ". " not in str(caught.value)
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: (_ for _ in ()).throw(OSError(errno.EROFS, "Read-only")))
    with pytest.raises(ExportError, match="read-only"):
        rows.RowLog(place)


def test_a_disk_that_takes_a_part_at_a_time_loses_nothing(place):
    class Slow:
        def __init__(self):
            self.content = b""

        def write(self, some):
            self.content += bytes(some[:3])
            return len(some[:3])

    values, file = np.arange(7, dtype=np.float32), Slow()
    rows._write(file, values)
    assert file.content == values.tobytes()


def test_what_is_no_array_is_refused(place):
    (place / "a.npy").write_bytes(b"nothing of the kind")
    with pytest.raises(ValueError, match="magic"):
        rows.open_rows(place / "a.npy")
    np.save(place / "b.npy", np.array([{}]), allow_pickle=True)
    with pytest.raises(ValueError, match="object"):
        rows.open_rows(place / "b.npy")


@pytest.mark.parametrize("word", [b"descr", b"shape", b"<f8", b"1000"])
@pytest.mark.parametrize("instead", [b"\x80\x00\x00\x00", b"\xff\xff\xff\xff", b"((((", b"'''\n"])
def test_whose_beginning_was_changed_is_refused(place, word, instead):
    path = place / "a.npy"
    np.save(path, np.arange(1000.0))
    content = bytearray(path.read_bytes())
    start = content.index(word)
    content[start : start + len(instead)] = instead
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"."):
        rows.open_rows(path)
