from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.settings import Settings, variable
from ingest.documents import LibraryError


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(variable(name), raising=False)


def test_defaults_need_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    settings = Settings.load()
    assert settings.data == Path.home() / ".local/share/legation"
    assert settings.packaged
    assert (settings.host, settings.port) == ("127.0.0.1", 7860)


def test_the_library_follows_the_place_for_data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert Settings.load().data == tmp_path / "legation"


def test_an_option_comes_before_a_variable_before_the_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LEGATION_DATA", str(tmp_path / "variable"))
    monkeypatch.setenv("LEGATION_PASSAGES", "")
    assert Settings.load().data == tmp_path / "variable"
    assert Settings.load(data=None).data == tmp_path / "variable"
    assert Settings.load(data=tmp_path / "option").data == tmp_path / "option"
    assert Settings.load().passages == 20, "an empty variable is none"


def test_home_is_expanded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEGATION_DATA", "~/papers")
    assert Settings.load().data == Path.home() / "papers"


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("threshold", "high"),
        ("threshold", "1.5"),
        ("threshold", "nan"),
        ("port", "-1"),
        ("port", "70000"),
        ("passages", "0"),
        ("max_question_chars", "many"),
        ("allow_private_urls", "perhaps"),
    ],
)
def test_a_wrong_value_is_named_with_its_variable(monkeypatch: pytest.MonkeyPatch, name: str, wrong: str) -> None:
    monkeypatch.setenv(variable(name), wrong)
    with pytest.raises(LibraryError, match=variable(name)) as caught:
        Settings.load()
    assert wrong in str(caught.value)


@pytest.mark.parametrize(
    ("misspelt", "meant"), [("LEGATION_DATTA", "LEGATION_DATA"), ("legation_treshold", "LEGATION_THRESHOLD")]
)
def test_a_misspelt_variable_is_not_ignored(monkeypatch: pytest.MonkeyPatch, misspelt: str, meant: str) -> None:
    monkeypatch.setenv(misspelt, "0.4")
    with pytest.raises(LibraryError, match=f"{misspelt}.*{meant}"):
        Settings.load()


def test_an_unknown_option_is_not_ignored() -> None:
    with pytest.raises(LibraryError, match="colour"):
        Settings.load(colour="red")


def test_models_from_a_hub_or_a_folder(tmp_path: Path) -> None:
    assert not Settings.load(embedder="some/model").packaged
    assert Settings.load(embedder=str(tmp_path)).packaged, "a folder here needs no hub"


@given(st.floats())
def test_a_threshold_is_between_0_and_1_or_refused(threshold: float) -> None:
    if 0 <= threshold <= 1:
        assert Settings.load(threshold=threshold).threshold == threshold
    else:
        with pytest.raises(LibraryError, match="LEGATION_THRESHOLD"):
            Settings.load(threshold=threshold)


def test_settings_do_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings.load().port = 1  # type: ignore[misc]
