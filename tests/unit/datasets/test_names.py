"""Names of classes, people, models and data sets in any script, in one form."""

import unicodedata

import pytest

from emo_core.datasets.names import check_label, check_name, check_person, same_but_case, tidy
from emo_core.errors import DatasetError

WORDS = ("खुशी", "दुःख_डर", "Überraschung", "שמחה", "سعادة", "می‌خندد", "喜び", "ความสุข", "Свобода-2", "radość", "ḉa")


@pytest.mark.parametrize("word", WORDS)
def test_letters_digits_and_marks_of_any_script(word):
    for form in ("NFC", "NFD"):
        spelled = unicodedata.normalize(form, f" {word}\u00a0 ")
        assert check_label(spelled) == check_person(spelled) == unicodedata.normalize("NFC", word)
    assert check_name(unicodedata.normalize("NFD", word)) == unicodedata.normalize("NFC", word)


@pytest.mark.parametrize(
    "name", ["a/b", "a\\b", "..", ".a", "a.b", "-a", "́a", "a\0b", "a\x1b[0m", "\u200b", "a:b", "😀"]
)
def test_what_no_folder_can_be_called(name):
    for check in (check_label, check_name):
        with pytest.raises(DatasetError) as found:
            check(name)
        assert str(found.value).isprintable()


def test_signs_nobody_sees_make_no_other_name():
    assert tidy("\ufeffjoy\u200b \u200f fear\u00a0") == "joy fear"
    assert check_label("joy\u200b") == "joy"


def test_reserved_whatever_its_case():
    with pytest.raises(DatasetError, match="cannot be called unsure"):
        check_label(" Unsure ")


def test_names_that_differ_by_case_or_blanks_alone():
    alike = ("Amusement_Surprise", "amusement surprise", "AMUSEMENT-surprise", " amusement  surprise")
    assert len({same_but_case(name) for name in alike}) == 1
    assert same_but_case("anna") != same_but_case("anne")
