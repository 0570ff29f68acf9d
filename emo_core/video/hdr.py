"""High dynamic range → what a common screen shows, so that everything behind sees one kind of picture.

PQ (SMPTE ST 2084) and HLG (ARIB STD-B67, ITU-R BT.2100) store light in curves of their own and in wider primaries.
Diffuse white, 203 cd/m² by ITU-R BT.2408, becomes white; what is brighter is bent into the top quarter.
"""

from functools import cache

import cv2
import numpy as np

from emo_core.types import Bytes, Floats

PQ, HLG = 16, 18
"""Numbers of the transfer functions in ITU-T H.273, as FFmpeg gives them for a frame."""

_WHITE_CD_M2 = 203.0
_HLG_PEAK_CD_M2, _HLG_GAMMA = 1000.0, 1.2
_KNEE = 0.75  # of white; below it light stays as it is
_SCREEN_GAMMA = 2.4  # ITU-R BT.1886
_BT2020_TO_BT709 = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]], np.float32
)
_LUMA = np.array([0.2627, 0.6780, 0.0593], np.float32)
_NUM_LEVELS = 65536


def to_sdr(rgb: np.ndarray, transfer: int) -> Bytes:
    """A picture (H, W, 3) uint16 RGB in full range, BT.2020, coded by `transfer` → (H, W, 3) uint8 RGB of BT.709."""
    light = _curve(transfer)[rgb]
    if transfer == HLG:
        luminance = np.maximum(light @ _LUMA, 1e-6)
        light = light * (_HLG_PEAK_CD_M2 / _WHITE_CD_M2 * luminance ** (_HLG_GAMMA - 1))[..., np.newaxis]
    light = np.maximum(cv2.transform(np.ascontiguousarray(light, np.float32), _BT2020_TO_BT709), 0)
    brightest = light.max(axis=2, keepdims=True)
    over = np.maximum(brightest - _KNEE, 0)
    bent = np.where(over > 0, _KNEE + (1 - _KNEE) * (1 - np.exp(-over / (1 - _KNEE))), brightest)
    light *= bent / np.maximum(brightest, 1e-6)
    return np.asarray(_screen()[(light * (_NUM_LEVELS - 1)).astype(np.uint16)], np.uint8)


@cache
def _curve(transfer: int) -> Floats:
    """Light of every level: relative to white for PQ, of the scene in [0, 1] for HLG."""
    signal = np.arange(_NUM_LEVELS) / (_NUM_LEVELS - 1)
    if transfer == PQ:
        m1, m2, c1, c2, c3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
        root = signal ** (1 / m2)
        light = 10000 / _WHITE_CD_M2 * (np.maximum(root - c1, 0) / (c2 - c3 * root)) ** (1 / m1)
    else:
        a, b, c = 0.17883277, 0.28466892, 0.55991073
        light = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)
    return light.astype(np.float32)


@cache
def _screen() -> Bytes:
    """Level in 8 bits of every light in [0, 1]."""
    light = np.arange(_NUM_LEVELS) / (_NUM_LEVELS - 1)
    return np.asarray(np.round(255 * light ** (1 / _SCREEN_GAMMA)), np.uint8)
