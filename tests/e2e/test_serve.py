"""The server as a process of its own: it starts, answers, calls nobody, and ends without a word."""

import signal
import subprocess
import sys
from pathlib import Path

import httpx

from bot.ask import Legation

ROOT = Path(__file__).parents[2]
PROGRAM = """
import sys
from pathlib import Path

def watch(event, given):
    place = given[1] if event == "socket.connect" else given[0] if event == "socket.getaddrinfo" else "127.0.0.1"
    host = place[0] if isinstance(place, tuple) else place
    if isinstance(host, str) and host not in ("127.0.0.1", "::1", "localhost", ""):
        sys.stderr.write(f"called {event} {host}\\n")

sys.addaudithook(watch)

from bot.serve import serve
from bot.settings import Settings

serve(Settings(data=Path(sys.argv[1]), port=0), ready=lambda address: print(address, flush=True))
"""


def test_a_server_calls_nobody_and_ends_quietly_with_a_page_open(page_legation: Legation) -> None:
    data = page_legation.settings.data
    command = [sys.executable, "-c", PROGRAM, str(data)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        address = running.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:"), running.communicate()[1]
        assert httpx.get(address, timeout=30).status_code == 200
        with httpx.stream("GET", f"{address}/gradio_api/heartbeat/a1", timeout=30) as stream:
            assert stream.status_code == 200
            running.send_signal(signal.SIGINT)
            said, complained = running.communicate(timeout=60)
    assert (said, complained) == ("", "")
    assert running.returncode == 0
