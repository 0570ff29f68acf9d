"""What classes, people, models and data sets may be called: letters, digits and marks of any script, in one form."""

import re
import unicodedata

from emo_core.emotions import UNSURE
from emo_core.errors import DatasetError, printable

_LABEL_LENGTH, _NAME_LENGTH = 60, 40
_JOINERS = "\u200c\u200d"  # between letters of a word in Persian and in the scripts of India


def tidy(text: str) -> str:
    r"""One form for what looks the same: NFC, no invisible signs, no blanks around and single ones between words.

    Example:
        >>> tidy(" U\u0308berraschung\u00a0 \ufeff"), tidy("joy  fear")
        ('Überraschung', 'joy fear')
    """
    visible = "".join(c for c in text if unicodedata.category(c) != "Cf" or c in _JOINERS)
    return " ".join(unicodedata.normalize("NFC", visible).split()).strip(_JOINERS)


def same_but_case(text: str) -> str:
    """What two names have in common that differ by case alone, or by blanks, ``_`` and ``-`` between words.

    Example:
        >>> same_but_case("Amusement surprise") == same_but_case("amusement_surprise")
        True
    """
    return re.sub(r"[\s_\-]+", " ", unicodedata.normalize("NFKC", text).casefold()).strip()


def check_label(label: str) -> str:
    """`label` in its one form, if it can be the name of a class and of a folder.

    Raises:
        DatasetError: it cannot.

    Example:
        >>> check_label(" joy_fear "), check_label("खुशी")
        ('joy_fear', 'खुशी')
    """
    name = tidy(label)
    if not name:
        raise DatasetError("A label is empty: name the class in letters, such as joy_fear.")
    if name.casefold() == UNSURE:
        raise DatasetError(f"A class cannot be called {UNSURE}, because that is what a model says without a verdict.")
    if len(name) > _LABEL_LENGTH or not _is_plain(name, " -+"):
        shown = printable(name.replace("/", "∕").replace("\\", "∖"))[:80]
        raise DatasetError(
            f"The label “{shown}” cannot name a class: use at most {_LABEL_LENGTH} letters, digits, _, - and spaces, "
            "and neither a slash nor a dot."
        )
    return name


def check_person(person: str) -> str:
    """A name that tells a person apart and can stand in the name of a file; empty stays empty.

    Raises:
        DatasetError: it is too long, or has a sign that no file name may have.

    Example:
        >>> check_person(" anna 2 ")
        'anna 2'
    """
    name = tidy(person)
    if name and (len(name) > _NAME_LENGTH or "__" in name or not _is_plain(name, " -")):
        raise DatasetError(
            "Name the person in at most 40 letters, digits, spaces, - and single _, such as anna or person 3."
        )
    return name


def check_name(name: str, what: str = "model") -> str:
    """`name`, if a model or a data set can be called so: it becomes a folder.

    Raises:
        DatasetError: it cannot.
    """
    name = unicodedata.normalize("NFC", name)
    if len(name) > _NAME_LENGTH or name.startswith("-") or not _is_plain(name.lstrip("_"), "-"):
        raise DatasetError(f"Name the {what} in at most 40 letters, digits, _ and -, such as my_people.")
    return name


def _is_plain(name: str, signs: str) -> bool:
    """Whether a name begins with a letter, a digit or _ and has only these, their marks and some signs."""
    if not (name[:1].isalnum() or name[:1] == "_"):
        return False
    return all(unicodedata.category(c)[0] in "LNM" or c == "_" or c in _JOINERS or c in signs for c in name)
