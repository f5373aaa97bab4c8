"""The pictures of README and docs, taken from the running page over the starter library: `make screenshots`."""

from __future__ import annotations

import argparse
import logging
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn

from bot.ask import Legation
from bot.serve import address, application, listen
from bot.settings import Settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

IMAGES = Path(__file__).with_name("images")
COLOURS = 96  # of a picture's palette, which keeps it small
WIDE, PHONE = (1280, 820), (390, 780)

ANSWER = "What are the eleven norms of responsible state behaviour?"
COMPARISON = "Compare the Budapest Convention and the United Nations Convention against Cybercrime"
TIMELINE = "How did the UN process on cyber security develop?"
REFUSAL = "What is Brazil's position on cyber sanctions?"
TOPIC = "Counter Ransomware Initiative"

log = logging.getLogger("screenshots")


@contextmanager
def served(data: Path) -> Iterator[str]:
    """The address of a page over a library."""
    with Legation.open(Settings(data=data)) as legation:
        door = listen("127.0.0.1", 0)
        server = uvicorn.Server(uvicorn.Config(application(legation), log_level="warning", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [door]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.05)
        yield address(door)
        server.should_exit = True
        thread.join(10)


def ask(page: Page, question: str) -> None:
    """Asks, and waits for the outcome."""
    page.fill("#question textarea", question)
    page.keyboard.press("Enter")
    page.wait_for_selector("#feedback:visible")
    page.wait_for_selector("#ask:visible")
    page.wait_for_timeout(400)


def asked(question: str) -> Callable[[Page], None]:
    """The page after a question."""
    return lambda page: ask(page, question)


def source(page: Page) -> None:
    """The source of an answer's first citation."""
    ask(page, ANSWER)
    place = page.locator("#sources a.read").first.get_attribute("href")
    page.goto(page.url.rstrip("/") + f"/{place}")
    page.wait_for_selector("mark.here")


def library(page: Page) -> None:
    """The library page."""
    page.goto(page.url.rstrip("/") + "/library")
    page.wait_for_selector("ul.documents")


def briefing(page: Page) -> None:
    """The part of the page that makes a briefing."""
    ask(page, ANSWER)
    page.click("#takeaway > button")
    page.get_by_label("Topic").fill(TOPIC)
    page.get_by_role("button", name="Make the briefing").click()
    page.wait_for_selector("#takeaway-news a")
    page.locator("#takeaway-news").scroll_into_view_if_needed()


SHOTS: dict[str, tuple[Callable[[Page], None], bool, tuple[int, int]]] = {
    "first": (lambda page: None, False, WIDE),
    "chat": (asked(ANSWER), False, WIDE),
    "chat-dark-phone": (asked(ANSWER), True, PHONE),
    "comparison": (asked(COMPARISON), True, WIDE),
    "comparison-phone": (asked(COMPARISON), False, PHONE),
    "timeline": (asked(TIMELINE), False, WIDE),
    "refusal": (asked(REFUSAL), False, WIDE),
    "source": (source, False, WIDE),
    "source-dark-phone": (source, True, PHONE),
    "library": (library, False, WIDE),
    "briefing": (briefing, False, WIDE),
}


def shoot(browser: Browser, url: str, name: str, folder: Path) -> None:
    """Takes one picture."""
    arrange, dark, (width, height) = SHOTS[name]
    scheme = "dark" if dark else "light"
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, locale="en-GB", reduced_motion="reduce"
    )
    context.set_default_timeout(60_000)
    page = context.new_page()
    page.goto(url)
    page.wait_for_selector("#question textarea")
    page.wait_for_timeout(500)
    arrange(page)
    page.screenshot(path=folder / f"{name}.png")
    context.close()


def word(data: Path, folder: Path) -> None:
    """The first page of a briefing as Word shows it, drawn by LibreOffice where it is there."""
    office = shutil.which("soffice")
    if not office:
        log.warning("briefing-word: left as it is; it needs LibreOffice (apt-get install libreoffice-writer-nogui)")
        return
    import pypdfium2 as pdfium

    from bot.export import save
    from bot.survey import brief

    with tempfile.TemporaryDirectory() as made, Legation.open(Settings(data=data)) as legation:
        save(brief(legation, TOPIC), Path(made) / "note.docx")
        command = [office, "--headless", "--convert-to", "pdf", "--outdir", made, str(Path(made) / "note.docx")]
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603
        pdfium.PdfDocument(Path(made) / "note.pdf")[0].render(scale=1.2).to_pil().save(folder / "briefing-word.png")


def small(picture: Path) -> None:
    """Keeps a picture small: a palette instead of all colours."""
    from PIL import Image

    Image.open(picture).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(picture, optimize=True)
    log.info("%s: %d kB", picture.name, picture.stat().st_size // 1000)


def main() -> None:
    """Takes the pictures that are named, or all."""
    from playwright.sync_api import sync_playwright

    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    log.setLevel(logging.INFO)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the library")
    parser.add_argument("--output", type=Path, default=IMAGES)
    parser.add_argument("names", nargs="*", choices=[*SHOTS, "briefing-word", []])
    given = parser.parse_args()
    wanted = given.names or [*SHOTS, "briefing-word"]
    given.output.mkdir(parents=True, exist_ok=True)
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with served(given.data) as url, sync_playwright() as running:
        browser = running.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for name in wanted:
            if name in SHOTS:
                shoot(browser, url, name, given.output)
        browser.close()
    if "briefing-word" in wanted:
        word(given.data, given.output)
    for name in wanted:
        if (picture := given.output / f"{name}.png").exists():
            small(picture)


if __name__ == "__main__":
    main()
