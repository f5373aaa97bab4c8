"""The examples of docs/api.md, run against a server as a reader would run them."""

import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

from bot.ask import Legation
from bot.public import check
from bot.serve import application
from bot.settings import Settings, variable

PAGE = (Path(__file__).parent.parent / "docs" / "api.md").read_text(encoding="utf-8")
FACT = "When did the Harbour Accord enter into force?"
WHERE = "http://127.0.0.1:7860"


def examples(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(scope="module")
def address(page_legation: Legation) -> Iterator[str]:
    door = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(application(page_legation, starters=()), log_level="error"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [door]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{door.getsockname()[1]}"
    server.should_exit = True
    thread.join(20)
    door.close()


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is missing")
@pytest.mark.parametrize("example", examples("bash"), ids=range(len(examples("bash"))))
def test_curl(address: str, example: str) -> None:
    ended = subprocess.run(
        ["bash", "-c", example.replace(WHERE, address)], capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert '"outcome"' in ended.stdout or '"score"' in ended.stdout


@pytest.mark.skipif(not shutil.which("node"), reason="node is missing")
@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("When did the Harbour Accord enter into force?", "- This Accord entered into force on 1 March 2020"),
        ("What is the capital of Mongolia?", "Not in the library:"),
        ("???", "no words"),
    ],
)
def test_javascript(address: str, question: str, told: str) -> None:
    (example,) = examples("js")
    script = example.replace(WHERE, address).replace("What is due diligence in cyberspace?", question)
    ended = subprocess.run(
        ["node", "--input-type=module"], input=script, capture_output=True, text=True, timeout=60, check=False
    )
    assert told in ended.stdout + ended.stderr
    assert (ended.returncode == 0) == (question != "???")


def test_python(address: str) -> None:
    (example,) = examples("python")
    script = example.replace(WHERE, address).replace("What is due diligence in cyberspace?", FACT)
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("This Accord entered into force on 1 March 2020")


def test_the_least_that_is_needed_in_public_starts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(variable(name), raising=False)
    monkeypatch.setenv("LEGATION_DATA", str(tmp_path))
    (example,) = examples("ini")
    for line in example.splitlines():
        name, _, value = line.partition("=")
        monkeypatch.setenv(name, value)
    check(Settings.load())
    assert Settings.load().public


def test_every_setting_named_is_one() -> None:
    known = {variable(name) for name in Settings.model_fields}
    assert set(re.findall(r"LEGATION_[A-Z_]+", PAGE)) <= known
