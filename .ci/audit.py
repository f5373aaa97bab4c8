"""Looks the pinned packages up among known weaknesses, as part of `make check`.

Exit code 1 when a pinned version has a weakness that a later one mends. Where no registry answers that is said, and is no failure.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PINS = ROOT / "constraints.txt"
TOOL = ROOT / ".venv" / "audit"  # apart, so that it changes nothing of what it audits
SECONDS = 300


def main() -> int:
    """Audits, and says what was found."""
    try:
        if not (TOOL / "pip_audit").is_dir():
            _python("pip", "install", "--quiet", "--disable-pip-version-check", "--target", str(TOOL), "pip-audit")
        report = _report()
    except (subprocess.SubprocessError, OSError, ValueError) as error:
        return _say(f"not audited: pip-audit could not be installed or did not end ({type(error).__name__}).", 0)
    return _say(*verdict(report))


def verdict(report: dict[str, Any]) -> tuple[str, int]:
    """What a report of pip-audit comes to, and the exit code."""
    every = report["dependencies"]
    looked = [one for one in every if "skip_reason" not in one]
    if not looked:
        return f"not audited: no registry answered for any of {len(every)} packages.", 0
    found = [(one, weak) for one in looked for weak in one["vulns"]]
    lines = [
        f"  {one['name']} {one['version']}: {weak['id']}, mended in {', '.join(weak['fix_versions']) or 'no version yet'}"
        for one, weak in found
    ]
    counts = f"{len(looked)} of {len(every)} pinned packages looked up, {len(found)} known weaknesses"
    return "\n".join([counts + (":" if lines else "."), *lines]), int(any(weak["fix_versions"] for _, weak in found))


def _report() -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "audit.json"
        options = ("--no-deps", "--disable-pip", "--progress-spinner", "off", "--format", "json", "--output", str(file))
        _python("pip_audit", "--requirement", str(PINS), *options, fine=(0, 1))
        found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return found


def _python(module: str, *given: str, fine: tuple[int, ...] = (0,)) -> None:
    paths = os.environ | {"PYTHONPATH": str(TOOL)}
    ended = subprocess.run(
        [sys.executable, "-m", module, *given], env=paths, capture_output=True, timeout=SECONDS, check=False
    )
    if ended.returncode not in fine:
        raise subprocess.SubprocessError(module)


def _say(words: str, code: int) -> int:
    sys.stdout.write(f"audit: {words}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
