"""What README and docs show is true: the commands exist with their options, the links lead somewhere, the code runs."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
COMMAND = re.compile(r"^(?:\$ )?legation (.+?)(?:\s+#.*)?$", re.MULTILINE)


def commands() -> list[tuple[str, str]]:
    found = []
    for page in PAGES:
        for block in re.findall(r"^```\w*\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE):
            found += [(page.name, line.strip()) for line in COMMAND.findall(block)]
    return found


def test_there_are_commands() -> None:
    assert len(commands()) >= 5


@pytest.mark.parametrize(("page", "line"), commands())
def test_commands_and_their_options_exist(page: str, line: str) -> None:
    words = shlex.split(line)
    while words and words[0].startswith("--"):
        words = words[2:]
    named = words[:2] if words[0] in ("eval", "library") and len(words) > 1 else words[:1]
    shown = CliRunner().invoke(app, [*named, "--help"], env={"COLUMNS": "200", "NO_COLOR": "1"})
    assert shown.exit_code == 0, page
    for option in (word for word in words if word.startswith("--")):
        assert option in shown.output, f"{page}: {line}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if not target.startswith(("http://", "https://", "#")):
            assert (page.parent / target.split("#")[0]).exists(), f"{page.name}: {target}"


def test_the_readme_names_the_make_targets() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"`?make (\w+)`?", (ROOT / "README.md").read_text(encoding="utf-8")):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
