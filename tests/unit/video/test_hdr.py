"""High dynamic range against what the standards state: their tables of levels, and matrices from their primaries."""

import numpy as np
import pytest

from emo_core.video.hdr import HLG, PQ, to_sdr
from tests.hdr_light import BT709, BT2020, hlg_signal, pq_signal, to_xyz

WHITE_CD_M2 = 203


def grey(signal, transfer):
    """Level in 8 bits of a grey picture of that signal in [0, 1]; its channels do not differ."""
    picture = to_sdr(np.full((2, 3, 3), round(65535 * signal), np.uint16), transfer)
    assert np.ptp(picture) <= 1  # the primaries of the standard are rounded to four digits
    return int(picture[0, 0, 1])


def level(light_cd_m2):
    """Level in 8 bits at which a screen with gamma 2.4 shows a light, white being 203 cd/m²."""
    return 255 * (light_cd_m2 / WHITE_CD_M2) ** (1 / 2.4)


@pytest.mark.parametrize(("light_cd_m2", "signal"), [(0.1, 0.0623), (1, 0.1499), (10, 0.3003), (100, 0.5081)])
def test_pq_levels_of_smpte_st_2084(light_cd_m2, signal):
    assert grey(signal, PQ) == pytest.approx(level(light_cd_m2), abs=1.5)


@pytest.mark.parametrize(("transfer", "signal"), [(PQ, 0.38), (HLG, 0.38)])
def test_the_grey_card_of_itu_r_bt_2408(transfer, signal):
    """18% reflectance: 26 cd/m², 38% of either signal, rounded to whole percents."""
    assert grey(signal, transfer) == pytest.approx(level(26), abs=4)


@pytest.mark.parametrize(("transfer", "white", "peak"), [(PQ, 0.5807, 0.7518), (HLG, 0.75, 1.0)])
def test_white_is_nearly_white_and_what_is_brighter_is_told_from_it(transfer, white, peak):
    """203 cd/m² and 1000 cd/m²: 58% and 75% of PQ, 75% and 100% of HLG (BT.2408, BT.2100)."""
    assert 240 <= grey(white, transfer) < grey(peak, transfer) <= 255
    assert grey(0, transfer) == 0


@pytest.mark.parametrize("transfer", [PQ, HLG])
@pytest.mark.parametrize("shown", [(200, 40, 40), (40, 180, 60), (60, 60, 190), (190, 140, 120), (90, 90, 90)])
def test_a_colour_of_the_screen_comes_back(transfer, shown):
    """Coded by the formulas of BT.2100 in primaries of BT.2020, darker than where light is bent."""
    light = (np.array(shown) / 255) ** 2.4
    light = np.linalg.inv(to_xyz(BT2020)) @ to_xyz(BT709) @ light * WHITE_CD_M2
    signal = pq_signal(light) if transfer == PQ else hlg_signal(light)
    picture = to_sdr(np.full((1, 1, 3), signal * 65535, np.uint16), transfer)
    np.testing.assert_allclose(picture[0, 0].astype(float), shown, atol=2.5)


def test_the_formulas_of_the_test_are_those_of_the_standards():
    np.testing.assert_allclose(pq_signal(np.array([0, 100, 1000, 10000])), [0, 0.5081, 0.7518, 1], atol=1e-4)
    np.testing.assert_allclose(hlg_signal(np.array([203.0] * 3)), 0.75, atol=5e-3)
    np.testing.assert_allclose(hlg_signal(np.array([1000.0] * 3)), 1, atol=1e-4)
    np.testing.assert_allclose(to_xyz(BT709)[1], [0.2126, 0.7152, 0.0722], atol=1e-4)
    np.testing.assert_allclose(to_xyz(BT2020)[1], [0.2627, 0.6780, 0.0593], atol=1e-4)
