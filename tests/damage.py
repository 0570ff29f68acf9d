"""Model directories that somebody meant ill, or a disk wrote: each with the hashes that its files have."""

import hashlib
import io
import json
import os
import zipfile

import numpy as np

from emo_core.model import bundle as bundles
from tests.tiny import make_normalizers, tiny_network

DEEP = b"[" * 100_000
HUGE = 5 * 2**29  # 2.5 GB, of a file without content


def ending_network():
    """A head that passes every check of LiteRT and ends the process that runs it: its output says that it is text."""
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(tiny_network("head"), 0))
    model.subgraphs[0].tensors[-1].type = schema.TensorType.STRING
    builder = flatbuffers.Builder(8192)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def npz(**changes):
    """The content of ``normalizer.npz`` with other arrays in the place of some."""
    content = bundles.normalizer_bytes(*make_normalizers())
    with np.load(io.BytesIO(content)) as data:
        arrays = {name: data[name] for name in data} | changes
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def member(name, content):
    """``normalizer.npz`` with a raw member in the place of one of its arrays."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(npz())) as source,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for item in source.namelist():
            target.writestr(item, content if item == name else source.read(item))
    return buffer.getvalue()


def asking_for(shape):
    """An array of a few bytes whose header asks for more."""
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"descr": "<f4", "fortran_order": False, "shape": shape})
    return buffer.getvalue() + bytes(64)


def entry(**changes):
    """Change entries of ``bundle.json``; as text, so that JSON may hold what a dictionary may not."""

    def damage(path):
        file = path / bundles.MANIFEST
        file.write_text(json.dumps(json.loads(file.read_text("utf-8")) | changes), "utf-8")

    return damage


def pipeline(**changes):
    return lambda path: entry(pipeline=json.loads((path / bundles.MANIFEST).read_text())["pipeline"] | changes)(path)


def content(name, data):
    """Write a file of the model with its hash."""

    def damage(path):
        made = data() if callable(data) else data
        (path / name).write_bytes(made)
        listed = json.loads((path / bundles.MANIFEST).read_text("utf-8"))["files"]
        entry(files=listed | {name: hashlib.sha256(made).hexdigest()})(path)

    return damage


def manifest(data):
    return lambda path: (path / bundles.MANIFEST).write_bytes(data)


def sparse(name):
    return lambda path: os.truncate(path / name, HUGE)


def pipe(name):
    """In the place of a file something that never ends."""

    def damage(path):
        (path / name).unlink()
        os.mkfifo(path / name)

    return damage


DAMAGES = {
    "a list where an object belongs": entry(files=[]),
    "classes are an object": entry(classes={"a": 1}),
    "a class is a list": entry(classes=[["a"], ["b"]]),
    "components are a list": entry(classes=[{"name": "a", "components": [1]}] * 3),
    "two classes of one name": entry(classes=[{"name": "a", "components": {}}] * 3),
    "a class is called by markup": entry(classes=[{"name": "<b>a", "components": {}}] * 3),
    "a name is a number": entry(name=3),
    "a name of two lines": entry(name="a\nb"),
    "a name of a megabyte": entry(name="a" * 2**20),
    "ten thousand classes": entry(classes=[{"name": f"c{k}", "components": {}} for k in range(10_000)]),
    "settings are a list": entry(pipeline=[]),
    "a crop of a million pixels": pipeline(crop_side_px=10**6),
    "windows without end": pipeline(window_steps=10**15, hop_steps=10**15),
    "a rate that is none": pipeline(sample_rate_hz=float("nan")),
    "a rate without bounds": pipeline(sample_rate_hz=float("inf")),
    "no temperature at all": entry(temperature=float("nan")),
    "a temperature without bounds": entry(temperature=float("inf")),
    "salience is a list": entry(salience=[]),
    "a salience that falls": entry(salience={"sadness_fear": {"bias": 0, "slope": -1, "far_slope": 0}}),
    "a salience that is none": entry(salience={"sadness_fear": {"bias": float("nan")}}),
    "a file elsewhere": entry(files={"../../etc/passwd": "0" * 64}),
    "a hash that is none": entry(files={"head.tflite": 3}),
    "too many files": entry(files={f"f{k}": "0" * 64 for k in range(1000)}),
    "JSON that is deep": manifest(DEEP),
    "JSON that is deep inside": manifest(b'{"files": {}, "classes": ' + DEEP),
    "a number of ten thousand digits": manifest(b'{"schema": ' + b"9" * 10_000 + b"}"),
    "no JSON": manifest(b"\x80\x81"),
    "a manifest of 2.5 GB": sparse(bundles.MANIFEST),
    "a manifest that never ends": pipe(bundles.MANIFEST),
    "a network of 2.5 GB": sparse(bundles.HEAD),
    "an unused file of 2.5 GB": sparse(bundles.KERAS_FRAME_CNN),
    "a network that never ends": pipe(bundles.FRAME_CNN),
    "no network": content(bundles.HEAD, b"head"),
    "half a network": content(bundles.FRAME_CNN, lambda: tiny_network("frame_cnn")[:2000]),
    "a network that ends the process": content(bundles.HEAD, ending_network),
    "networks that changed places": content(bundles.HEAD, lambda: tiny_network("frame_cnn")),
    "another normalization": content(bundles.NORMALIZER, lambda: bundles.normalizer_bytes(*make_normalizers(7))),
    "arrays of gigabytes in a few kilobytes": content(
        bundles.NORMALIZER, lambda: member("features_mean.npy", bytes(300 * 2**20))
    ),
    "an array that asks for a terabyte": content(
        bundles.NORMALIZER, lambda: member("features_mean.npy", asking_for((2**19, 2**19)))
    ),
    "an array that asks for more than there is": content(
        bundles.NORMALIZER, lambda: member("features_mean.npy", asking_for((2**62, 2**62)))
    ),
    "an array that is none": content(bundles.NORMALIZER, lambda: member("features_mean.npy", b"\x93NUMPY\x01\x00(((")),
    "an array of objects": content(bundles.NORMALIZER, lambda: npz(features_mean=np.array([{}], object))),
    "an array of text": content(bundles.NORMALIZER, lambda: npz(features_mean=np.array(["a"] * 6))),
    "numbers that are none": content(bundles.NORMALIZER, lambda: npz(features_std=np.full((2, 6), np.nan, np.float32))),
    "measurements that are deep": content(bundles.METRICS, DEEP),
    "measurements that are a list": content(bundles.METRICS, b"[]"),
}
"""What is wrong → what does it to a whole, small model."""
