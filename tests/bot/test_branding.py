"""A branding file says whose pages these are, and every mistake in it is named with its line."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot import branding
from bot.branding import Accent, Branding, contrast
from bot.settings import Settings
from ingest.documents import LibraryError

COLOUR = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")
WHOLE = """\
# Cyber Desk
name: Cyber Desk
accent:
  light: "#7a1f3d"
  dark: "#F2A7C0"
logo: mark.svg
welcome:
  en: Ask the desk.
  fr: Interrogez le bureau.
questions:
  - What is the Harbour Accord?
  - Who notifies whom?
privacy: Questions are not kept.
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "mark.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>", encoding="utf-8")
    return tmp_path / "branding.yaml"


def test_without_a_file_it_is_our_own(tmp_path: Path) -> None:
    made = branding.load(Settings(data=tmp_path))
    assert made == Branding()
    assert made.name == "Legation"
    assert made.welcome_in("fr") == ""
    assert made.questions_in("en") == ()


def test_a_whole_file(file: Path) -> None:
    file.write_text(WHOLE, encoding="utf-8")
    made = branding.load(Settings(data=file.parent, branding=file))
    assert made.name == "Cyber Desk"
    assert made.accent == Accent(light="#7a1f3d", dark="#f2a7c0")
    assert made.logo == file.parent / "mark.svg"
    assert made.welcome_in("fr") == "Interrogez le bureau."
    assert made.welcome_in("de") == "Ask the desk."
    assert made.questions_in("fr") == ("What is the Harbour Accord?", "Who notifies whom?")
    assert made.privacy_in("en") == "Questions are not kept."
    assert "--own: #7a1f3d" in made.css()


def test_an_empty_file_changes_nothing(file: Path) -> None:
    file.write_text("# nothing yet\n", encoding="utf-8")
    assert branding.read(file) == Branding()


@pytest.mark.parametrize(
    ("source", "line", "words"),
    [
        ("name: A\ncolour: blue\n", 2, "colour: there is no such field. Known: name"),
        ("name: A\naccent:\n  dark: '#8fbcf2'\n  light: '#8fbcf2'\n", 4, "accent.light: on #e8eff7 its contrast is"),
        ("accent:\n  dark: '#1d4e89'\n", 2, "make it lighter"),
        ("accent:\n  light: blue\n", 2, "accent.light: write a colour"),
        ("accent:\n  light: #1d4e89\n", 2, "in quotes"),
        ("accent: '#1d4e89'\n", 1, "accent: "),
        ("name: ''\n", 1, "name: "),
        ("name: 'A\u202eB'\n", 1, "control characters"),
        ("name: " + "x" * 61 + "\n", 1, "name: "),
        ("\n\nquestions:\n  - What is this?\n  - A\n", 5, "questions.1: "),
        ("questions:\n  fr:\n    - 7\n", 3, "questions.fr.0: "),
        ("questions: What is this?\n", 1, "questions"),
        ("welcome: 3\n", 1, "welcome: "),
        ("logo: absent.svg\n", 1, "logo: there is no such file"),
        ("name: A\nlogo: branding.yaml\n", 2, "logo: a logo is one of .svg"),
        ("name: A\n  logo: [\n", 2, "Mend the YAML"),
        ("- a\n- b\n", 1, "write fields"),
        ("just words\n", 1, "write fields"),
        ("name: !!python/object:os.system x\n", 1, "Mend the YAML"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(file: Path, source: str, line: int, words: str) -> None:
    file.write_text(source, encoding="utf-8")
    with pytest.raises(LibraryError) as said:
        branding.read(file)
    assert f"{file}, line {line}" in str(said.value)
    assert words in str(said.value)


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00", b"name: \x00\n", b"# " + b"x" * branding.LARGEST_FILE])
def test_a_file_that_cannot_be_read_is_said(file: Path, content: bytes | None) -> None:
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(LibraryError, match=r"branding\.yaml"):
        branding.read(file)


def test_a_logo_is_not_too_large(file: Path) -> None:
    (file.parent / "mark.svg").write_bytes(b" " * (branding.LARGEST_LOGO + 1))
    file.write_text(WHOLE, encoding="utf-8")
    with pytest.raises(LibraryError, match=r"line 6, logo: a logo has"):
        branding.read(file)


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@given(COLOUR, COLOUR)
def test_accents_that_pass_are_readable_under_the_pointer_too(light: str, dark: str) -> None:
    try:
        accent = Accent(light=light, dark=dark)
    except ValidationError:
        return
    for colour, grounds in ((accent.light, branding._ON_LIGHT), (accent.light_hover, branding._ON_LIGHT)):
        assert all(contrast(colour, ground) >= branding.AA for ground in grounds)
    for colour, grounds in ((accent.dark, branding._ON_DARK), (accent.dark_hover, branding._ON_DARK)):
        assert all(contrast(colour, ground) >= branding.AA for ground in grounds)
