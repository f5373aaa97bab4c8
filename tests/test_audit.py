"""The audit of `make check`: it says what was looked up, fails for what can be mended, and passes where no registry answers."""

from __future__ import annotations

import importlib.util
import subprocess
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[1] / ".ci" / "audit.py"
SAFE = {"name": "a", "version": "1", "vulns": []}
UNKNOWN = {"name": "b", "skip_reason": "not found"}
WEAK = {"name": "c", "version": "1", "vulns": [{"id": "X-1", "fix_versions": ["2"]}]}
UNMENDED = {"name": "d", "version": "1", "vulns": [{"id": "X-2", "fix_versions": []}]}


@pytest.fixture
def audit() -> Any:
    spec = importlib.util.spec_from_file_location("audit", SCRIPT)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("found", "said", "code"),
    [
        ([SAFE, UNKNOWN], "1 of 2 pinned packages looked up, 0 known", 0),
        ([UNKNOWN, UNKNOWN], "not audited: no registry answered for any of 2", 0),
        ([SAFE, WEAK], "c 1: X-1, mended in 2", 1),
        ([SAFE, UNMENDED], "d 1: X-2, mended in no version yet", 0),
    ],
)
def test_what_a_report_comes_to(audit: Any, found: list[Any], said: str, code: int) -> None:
    words, ended = audit.verdict({"dependencies": found})
    assert said in words
    assert ended == code


@pytest.mark.parametrize("error", [subprocess.SubprocessError("pip"), subprocess.TimeoutExpired("pip", 1), OSError()])
def test_without_a_network_it_passes_and_says_so(
    audit: Any, error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(audit, "TOOL", tmp_path / "none")
    monkeypatch.setattr(audit, "_python", fails)
    assert audit.main() == 0
    assert "not audited" in capsys.readouterr().out


def test_every_package_is_pinned(audit: Any) -> None:
    lines = audit.PINS.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if "==" not in line] == []
