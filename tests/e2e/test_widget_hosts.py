"""What other people's pages do to the widget, and it to them: themes, scripts, directions, colours, forged messages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from bot.ask import Legation
from tests.e2e.conftest import for_sites, served
from tests.e2e.sites import FACT, FOUND, LINE, PLAIN, Sites, Visit, launch, opened, put

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

HEAR = """() => {
    window.heard = [];
    for (const name of ["open", "close", "answer"])
        document.addEventListener(`legation:${name}`, event => heard.push([name, event.detail]));
}"""
ARABIC = "ما هي قواعد السلوك المسؤول للدول؟"
# A theme as themes are: rules for every element, some of them important, and a transform that catches what is fixed.
THEME = """
* { letter-spacing: 1px; transition: all .3s; }
body > * { max-width: 720px !important; margin: 0 auto; transform: translateZ(0); opacity: .5; position: relative; }
body > :not(header, main, footer, script) { display: none; }
div { float: left; overflow: hidden; }
button, [type=button] { all: unset; width: 100% !important; text-transform: uppercase; background: crimson !important; }
svg { display: none !important; }
img, iframe, video { max-width: 100%; height: auto; }
"""
# Scripts as old sites have them: a jQuery, and built-in objects with more on them than they came with.
GLOBALS = """
window.$ = window.jQuery = () => ({ ready() {}, on() {}, hide() {} });
window.Legation = { version: "a global of the site's own" };
Object.prototype["$family"] = () => "object";
Array.prototype.each = Array.prototype.forEach;
Array.prototype.toJSON = String.prototype.toJSON = function () { return "prototype"; };
Element.prototype.hide = function () { this.style.display = "none"; };
"""
POST = """<!doctype html><html lang=en><meta name=viewport content="width=device-width"><title>Post</title><style>{theme}</style>
<script>{globals}</script><header>Harbour Institute</header>
<main><article class=post><h1>A post</h1><div class=entry-content><p>Words.</p>{block}</div></article></main>
<footer>Proudly powered</footer>"""


def box(thing: Locator) -> dict[str, float]:
    found = thing.bounding_box()
    assert found
    return dict(found)


def styled(thing: Locator, name: str) -> str:
    return str(thing.evaluate("(node, name) => getComputedStyle(node).getPropertyValue(name)", name))


def inside(page: Page, thing: Locator) -> bool:
    view, place = page.viewport_size, box(thing)
    assert view
    return (
        place["x"] >= 0
        and place["y"] >= 0
        and place["x"] + place["width"] <= view["width"]
        and place["y"] + place["height"] <= view["height"]
    )


def contrast(one: str, other: str) -> float:
    """Of two computed colours, as WCAG has it."""

    def light(colour: str) -> float:
        parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05

    dark, bright = sorted((light(one), light(other)))
    return bright / dark


def post(block: str) -> str:
    return POST.format(theme=THEME, globals=GLOBALS, block=block)


def test_the_page_opens_asks_and_hears_what_came_of_it_but_not_what_was_asked(visit: Visit) -> None:
    page = visit(
        body=PLAIN + "<script>document.addEventListener('legation:ready', () => { window.ready = 1; })</script>" + LINE
    )
    page.get_by_role("button", name="Ask a question").wait_for()
    assert page.evaluate("window.ready") == 1
    page.evaluate(HEAR)
    page.evaluate("text => Legation.ask(text)", FACT)
    frame = opened(page)
    frame.locator("[role=log] .answer").wait_for()
    assert FOUND in frame.locator("[role=log]").inner_text()
    page.wait_for_function("heard.some(([name]) => name === 'answer')")
    page.evaluate("Legation.close()")
    assert page.get_by_role("dialog").is_hidden()
    page.evaluate("Legation.close()")  # closed already: no news
    heard = page.evaluate("heard")
    assert [name for name, _ in heard] == ["open", "answer", "close"]
    told = heard[1][1]
    assert sorted(told) == ["citations", "id", "outcome"]
    assert told["outcome"] == "answer"
    assert told["citations"] == frame.locator("[role=log] .mark").count()
    page.evaluate("Legation.toggle()")
    assert FOUND in frame.locator("[role=log]").inner_text()  # the conversation is still there
    page.evaluate("Legation.open()")
    assert frame.locator("textarea").evaluate("box => box === document.activeElement")


def test_a_second_line_makes_no_second_launcher(visit: Visit) -> None:
    page = visit(body=PLAIN + LINE + LINE)
    launch(page)
    page.add_script_tag(url=page.locator("script").first.get_attribute("src"))
    assert page.locator("legation-launcher").count() == 1
    assert page.locator("iframe").count() == 1


def test_forged_messages_move_neither_the_launcher_nor_the_frame(visit: Visit, sites: Sites) -> None:
    sites.pages["/advert"] = ("<!doctype html><title>Advert</title>", {})
    page = visit(body=PLAIN + f'<iframe title=Advert id=advert src="{sites.origin("evil")}/advert"></iframe>' + LINE)
    page.evaluate(HEAR)
    page.get_by_role("button", name="Ask a question").click()
    panel = page.frame_locator("iframe[referrerpolicy]")
    panel.locator("textarea").wait_for()
    page.wait_for_function("document.querySelector('legation-launcher').shadowRoot.querySelector('.ready')")
    advert = next(frame for frame in page.frames if "evil.test" in frame.url)
    for sender, way in ((advert, "parent"), (page.main_frame, "window")):
        sender.evaluate(f"""() => {{
            for (const legation of ["close", "answer", "ready"]) {way}.postMessage({{ legation, outcome: "answer" }}, "*");
            {way}.postMessage(null, "*");
        }}""")
    # The advert reaches the widget's frame, which is its sibling, but is not what the frame stands in.
    said = {"legation": "ask", "text": "Who forged this?"}
    advert.evaluate("said => { for (let i = 0; i < parent.length; i++) parent[i].postMessage(said, '*'); }", said)
    put(page, panel, FACT)  # by now all of them have arrived
    assert page.get_by_role("dialog").is_visible()
    assert [name for name, _ in page.evaluate("heard")] == ["open", "answer"]
    assert panel.locator("[role=log] h2").all_inner_texts() == [FACT]


class Bare:
    """A server in front of the widget's that loses its policies, as a browser without them would."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def sent(message: Any) -> None:
            if message["type"] == "http.response.start":
                kept = [pair for pair in message["headers"] if pair[0] != b"content-security-policy"]
                message = {**message, "headers": kept}
            await send(message)

        await self.app(scope, receive, sent)


@pytest.fixture(scope="module")
def bare(page_legation: Legation, sites: Sites) -> Iterator[str]:
    with served(for_sites(page_legation, sites), ("What is a port?",), Bare) as url:
        yield f"http://ask.test:{urlsplit(url).port}"


def test_the_frame_itself_answers_no_site_that_is_not_listed(visit: Visit, bare: str) -> None:
    page = visit("other", ask=bare, expect=("did not answer from its frame",))
    page.evaluate(HEAR)
    page.evaluate("text => Legation.ask(text)", FACT)
    frame = page.frame_locator("iframe")
    frame.locator("textarea").wait_for()
    page.evaluate("""() => {
        const frame = document.querySelector("legation-launcher").shadowRoot.querySelector("iframe");
        for (const legation of ["hello", "ask", "focus"]) frame.contentWindow.postMessage({ legation, text: "Forged?" }, "*");
    }""")
    page.get_by_role("link", name="Open them in a new window").wait_for()
    assert [name for name, _ in page.evaluate("heard")] == ["open"]
    launch(visit(ask=bare))  # a listed site is answered by the same server


@pytest.mark.parametrize("accent", ["#ffee00", "#fff", "red;}*{display:none"])
def test_a_colour_that_white_cannot_be_read_on_is_not_used(visit: Visit, accent: str) -> None:
    page = visit(more=f' data-accent="{accent}"', expect=(f"accent {accent} is not used",))
    launcher = page.get_by_role("button", name="Ask a question")
    assert styled(launcher, "background-color") == "rgb(29, 78, 137)"
    frame = launch(page)
    assert styled(frame.locator("h1"), "color") == "rgb(29, 78, 137)"
    assert sum("is not used: write #1d4e89" in words for words in visit.complaints) == 2  # the launcher and the frame


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_colour_of_the_site_is_used_where_it_can_be_read(visit: Visit, scheme: str) -> None:
    page = visit(more=' data-accent="#14532d" data-position="bottom-left"', color_scheme=scheme)
    launcher = page.get_by_role("button", name="Ask a question")
    assert styled(launcher, "background-color") == "rgb(20, 83, 45)"
    assert box(launcher)["x"] == 20
    frame = launch(page)
    colour = styled(frame.locator("h1"), "color")
    assert (colour == "rgb(20, 83, 45)") == (scheme == "light")
    assert contrast(colour, styled(frame.locator("body"), "background-color")) >= 4.5
    send = frame.locator(".send")
    assert contrast(styled(send, "color"), styled(send, "background-color")) >= 4.5


@pytest.mark.parametrize("width", [1100, 390])
def test_a_site_that_reads_from_the_right(visit: Visit, width: int) -> None:
    site = PLAIN.replace("lang=en", "lang=ar dir=rtl")
    page = visit(body=site + LINE, more=f' data-title="{ARABIC}" data-questions="{ARABIC}"', width=width)
    launcher = page.get_by_role("button", name=ARABIC)
    assert inside(page, launcher)
    frame = launch(page, ARABIC)
    assert inside(page, page.get_by_role("dialog"))
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    frame.get_by_role("button", name=ARABIC).click()
    frame.locator("[role=log] .answer").wait_for()
    frame.locator("textarea").fill(ARABIC)
    for words in ("h1", "[role=log] h2", "textarea"):
        assert frame.locator(words).evaluate("node => node.matches(':dir(rtl)')"), words
    frame.locator("html").evaluate("root => { root.dir = 'rtl'; }")  # as a language file with that direction would
    assert box(frame.locator(".close"))["x"] < box(frame.locator("h1"))["x"]
    assert box(frame.locator(".send"))["x"] < box(frame.locator("textarea"))["x"]
    assert frame.locator("html").evaluate("root => root.scrollWidth <= innerWidth")


def test_forced_colours_keep_edges_and_focus_visible(visit: Visit) -> None:
    page = visit(forced_colors="active")
    launcher = page.get_by_role("button", name="Ask a question")
    assert styled(launcher, "border-top-style") == "solid"
    ground = styled(launcher, "background-color")
    assert styled(launcher, "border-top-color") != ground
    page.keyboard.press("Tab")
    assert styled(launcher, "outline-style") == "solid"
    assert styled(launcher, "outline-color") != ground
    frame = launch(page)
    put(page, frame, FACT)
    mark = frame.locator(".mark").first
    width = styled(mark, "border-top-width")
    mark.click()
    assert (width, styled(mark, "border-top-width")) == ("1px", "2px")  # open is not told by a fill alone
    page.keyboard.press("Tab")
    assert styled(frame.locator(".card a").first, "outline-style") == "solid"


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_nothing_moves(visit: Visit, motion: str) -> None:
    page = visit(reduced_motion=motion)
    frame = launch(page)
    put(page, frame, FACT)
    frame.locator(".mark").first.click()
    moving = """root => [root, ...root.querySelectorAll("*")].map(node => node.nodeType === 1 && getComputedStyle(node)).filter(
        style => style && (style.transitionDuration !== "0s" || style.animationName !== "none" || style.scrollBehavior !== "auto")).length"""
    assert frame.locator("html").evaluate(moving) == 0
    assert page.locator("legation-launcher").evaluate(f"node => ({moving})(node.shadowRoot)") == 0


@pytest.mark.parametrize("width", [1100, 390])
def test_a_theme_and_its_scripts_do_not_change_the_launcher(visit: Visit, width: int) -> None:
    block = f"<!-- wp:html --><p>{LINE}</p><!-- /wp:html -->"  # as an editor that adds paragraphs leaves it
    page = visit(body=post(block), width=width)
    launcher = page.get_by_role("button", name="Ask a question")
    place = box(launcher)
    assert (place["x"] + place["width"], place["y"] + place["height"]) == (width - 20, 740)
    assert styled(launcher, "background-color") == "rgb(29, 78, 137)"
    assert styled(launcher, "text-transform") == "none"
    assert launcher.locator("svg").is_visible()
    assert page.locator("legation-launcher").evaluate("node => getComputedStyle(node).opacity") == "1"
    frame = launch(page)
    panel = box(page.get_by_role("dialog"))
    assert (panel["width"], panel["height"]) == ((400, 640) if width == 1100 else (390, 760))
    put(page, frame, FACT)
    assert FOUND in frame.locator("[role=log]").inner_text()


def test_where_the_script_is_stripped_the_frame_keeps_its_height(visit: Visit) -> None:
    # What is left of a post of an author who may not write scripts: theme rules would make a bare frame 150 px high.
    kept = '<iframe src="{ask}/widget" title="Ask the library" width=400 height=640 style="height:640px"></iframe>'
    page = visit(body=post(kept))
    frame = page.frame_locator("iframe")
    frame.locator("textarea").wait_for()
    assert box(page.locator("iframe"))["height"] >= 640
    put(page, frame, FACT)
    assert FOUND in frame.locator("[role=log]").inner_text()
    assert page.locator("legation-launcher").count() == 0


def test_on_paper_there_is_no_launcher(visit: Visit) -> None:
    page = visit()
    launcher = page.get_by_role("button", name="Ask a question")
    launcher.wait_for()
    page.emulate_media(media="print")
    assert launcher.is_hidden()
