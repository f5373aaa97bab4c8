"""Whose pages these are: name, colours, logo and words, from one YAML file that is checked before anything is served."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from ingest.documents import LibraryError

if TYPE_CHECKING:
    from bot.settings import Settings

LOGOS = {".svg": "image/svg+xml", ".png": "image/png", ".webp": "image/webp", ".jpg": "image/jpeg"}
LARGEST_LOGO = 300_000  # bytes
LARGEST_FILE = 100_000  # bytes of the branding file
AA = 4.5  # contrast that WCAG asks of text
# What accents stand on, and what stands on them, in bot/theme.py and the style sheets.
_ON_LIGHT = ("#ffffff", "#f6f8fa", "#e8eff7")
_ON_DARK = ("#0f1620", "#172130", "#22324a")
_HEX = re.compile(r"#[0-9a-f]{6}")
T = TypeVar("T")


def _by_language(value: Any) -> Any:
    """Words for every language, where none is named."""
    return value if isinstance(value, Mapping) else {"": value}


Words = Annotated[dict[str, Annotated[str, Field(max_length=2000)]], BeforeValidator(_by_language)]
Question = Annotated[str, Field(min_length=3, max_length=200)]
Questions = Annotated[dict[str, Annotated[tuple[Question, ...], Field(max_length=8)]], BeforeValidator(_by_language)]


class Accent(BaseModel):
    """The colour of links, marks and the main button: one to stand on light pages, one on dark ones."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    light: str = "#1d4e89"
    dark: str = "#8fbcf2"

    @field_validator("light", "dark", mode="before")
    @classmethod
    def _colour(cls, value: Any) -> Any:
        if not isinstance(value, str) or not _HEX.fullmatch(value.lower()):
            raise ValueError('write a colour as "#" and six digits, in quotes, like "#1d4e89"')
        return value.lower()

    @field_validator("light")
    @classmethod
    def _readable_on_light(cls, value: str) -> str:
        return _readable(value, _ON_LIGHT, "darker")

    @field_validator("dark")
    @classmethod
    def _readable_on_dark(cls, value: str) -> str:
        return _readable(value, _ON_DARK, "lighter")

    @property
    def light_hover(self) -> str:
        """The light page's accent under the pointer: darker, so it stays readable."""
        return _mixed(self.light, 0.2, 0)

    @property
    def dark_hover(self) -> str:
        """The dark page's accent under the pointer: lighter."""
        return _mixed(self.dark, 0.35, 255)


class Branding(BaseModel):
    """What a branding file may say; each field has a default, and words may be given by language: {en: ..., fr: ...}."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(default="Legation", min_length=1, max_length=60)
    accent: Accent = Accent()
    logo: Path | None = Field(default=None, description="SVG, PNG, WebP or JPEG, beside the branding file.")
    welcome: Words = Field(default={}, description="Stands in the empty conversation instead of our own words.")
    questions: Questions = Field(default={}, description="Suggested instead of those made from the library.")
    privacy: Words = Field(default={}, description="A note under the pages on what happens to questions.")

    @field_validator("name")
    @classmethod
    def _plain_name(cls, value: str) -> str:
        if not value.isprintable() or not value.strip():
            raise ValueError("write the name on one line, without control characters")
        return value.strip()

    def welcome_in(self, language: str) -> str:
        """The welcome in a language, or '' where none is given."""
        return _in(self.welcome, language, "")

    def questions_in(self, language: str) -> tuple[str, ...]:
        """The suggested questions in a language; none where none are given."""
        return _in(self.questions, language, ())

    def privacy_in(self, language: str) -> str:
        """The privacy note in a language, or '' where none is given."""
        return _in(self.privacy, language, "")

    def css(self) -> str:
        """The accent as the custom properties that the style sheets use."""
        light = f"--own: {self.accent.light}; --own-hover: {self.accent.light_hover}; --on-own: #ffffff"
        dark = f"--own: {self.accent.dark}; --own-hover: {self.accent.dark_hover}; --on-own: #0f1620"
        return (
            f":root {{ {light} }}\n.dark {{ {dark} }}\n"
            f"@media (prefers-color-scheme: dark) {{ :root.by-system {{ {dark} }} }}\n"
            f"@media print {{ :root.by-system {{ {light} }} }}\n"
        )


def load(settings: Settings) -> Branding:
    """The branding that the settings name, or our own. LibraryError says which file, line and field is wrong."""
    return read(settings.branding) if settings.branding else Branding()


def read(file: Path) -> Branding:
    """The branding of a file."""
    try:
        if file.stat().st_size > LARGEST_FILE:
            raise LibraryError(f"{file}: a branding file has {LARGEST_FILE:,} bytes at most. Shorten its words.")
        source = file.read_text(encoding="utf-8")
    except OSError as error:
        raise LibraryError(
            f"{file}: the branding cannot be read ({error.strerror}). Check LEGATION_BRANDING."
        ) from None
    except UnicodeDecodeError:
        raise LibraryError(f"{file}: this is no UTF-8 text. Save it as UTF-8.") from None
    try:
        tree = yaml.compose(source, yaml.SafeLoader)
        given = yaml.safe_load(source) or {}
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise LibraryError(f"{file}, line {line}: {error.problem}. Mend the YAML there.") from None
    except (yaml.YAMLError, ValueError) as error:
        raise LibraryError(f"{file}: {' '.join(str(error).split())}. Mend the YAML there.") from None
    if not isinstance(given, dict):
        raise LibraryError(f"{file}, line 1: write fields, one a line, like `name: Cyber Desk`.")
    try:
        made = Branding.model_validate(given)
    except ValidationError as error:
        raise LibraryError(_wrong(file, tree, error)) from None
    return made.model_copy(update={"logo": _logo(file, tree, made.logo)})


def _wrong(file: Path, tree: yaml.Node | None, error: ValidationError) -> str:
    """The first thing that is wrong, and where."""
    first = error.errors()[0]
    place = [part for part in first["loc"] if part != ""]
    if first["type"] == "extra_forbidden":
        return f"{_where(file, tree, place)}: there is no such field. Known: {', '.join(Branding.model_fields)}."
    reason = first["msg"].removeprefix("Value error, ")
    return f"{_where(file, tree, place)}: {reason}, but it is {str(first['input'])[:80]!r}."


def _where(file: Path, tree: yaml.Node | None, place: Sequence[str | int]) -> str:
    """`file, line 3, accent.light`."""
    return f"{file}, line {_line(tree, place)}, {'.'.join(str(part) for part in place)}"


def _line(node: yaml.Node | None, place: Sequence[str | int]) -> int:
    """The line of a field in the YAML, or of the innermost thing around it that is there."""
    line = node.start_mark.line + 1 if node else 1
    for part in place:
        if isinstance(node, yaml.MappingNode):
            found = next(((key, inner) for key, inner in node.value if key.value == str(part)), None)
            if not found:
                break
            line, node = found[0].start_mark.line + 1, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
    return line


def _logo(file: Path, tree: yaml.Node | None, logo: Path | None) -> Path | None:
    """The logo's place, which must be a picture that browsers show."""
    if logo is None:
        return None
    found = file.parent / logo
    if found.suffix.lower() not in LOGOS:
        reason = f"a logo is one of {', '.join(LOGOS)}"
    elif not found.is_file():
        reason = "there is no such file beside the branding file"
    elif found.stat().st_size > LARGEST_LOGO:
        reason = f"a logo has {LARGEST_LOGO:,} bytes at most"
    else:
        return found
    raise LibraryError(f"{_where(file, tree, ['logo'])}: {reason}, but it is {str(logo)!r}.")


def _in(words: Mapping[str, T], language: str, none: T) -> T:
    """What is said in a language: in it, for all, in English, in any."""
    for code in (language, "", "en", *words):
        if code in words:
            return words[code]
    return none


def contrast(one: str, other: str) -> float:
    """The contrast of two colours as WCAG counts it: 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = [part / 255 for part in _rgb(colour)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _readable(colour: str, grounds: Sequence[str], mend: str) -> str:
    worst = min(grounds, key=lambda ground: contrast(colour, ground))
    if (found := contrast(colour, worst)) < AA:
        raise ValueError(f"on {worst} its contrast is {found:.1f}, and text needs {AA}: make it {mend}")
    return colour


def _mixed(colour: str, part: float, other: int) -> str:
    return "#" + "".join(f"{round(own + (other - own) * part):02x}" for own in _rgb(colour))


def _rgb(colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour[1:]))
