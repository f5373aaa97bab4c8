// The launcher. One line in a page loads it; it makes the frame when it is first opened. See docs/widget.md.
(() => {
  "use strict";
  if (window.Legation?.ask) return;
  const script = document.currentScript ?? document.querySelector('script[src*="/widget.js"]');
  const said = script.dataset;
  const page = new URL("widget", script.src);
  const there = page.origin;
  const all = "LEGATION_WORDS";
  const language = [said.language, ...navigator.languages].map((tag) => tag?.slice(0, 2).toLowerCase()).find((tag) => all[tag]) ?? "en";
  const words = all[language];
  const title = said.title || words.launch;
  if (said.language) page.searchParams.set("language", language);
  page.hash = new URLSearchParams(["title", "accent", "questions"].flatMap((name) => (said[name] ? [[name, said[name]]] : [])));

  const style = "LEGATION_STYLE";

  // White words stand on the accent, so it must be dark enough (WCAG AA).
  function accent() {
    const digits = /^#[0-9a-f]{6}$/i.test(said.accent) && said.accent.slice(1).match(/../g);
    if (digits) {
      const [r, g, b] = digits.map((two) => parseInt(two, 16) / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
      if (1.05 / (0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05) >= 4.5) return said.accent;
    }
    if (said.accent) console.warn(`Legation: accent ${said.accent} is not used: write #1d4e89, or another on which white can be read (4.5:1).`);
    return "#1d4e89";
  }

  function make(tag, given, ...inside) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(given)) node.setAttribute(name, value);
    node.append(...inside);
    return node;
  }

  function picture() {
    const make = (tag) => document.createElementNS("http://www.w3.org/2000/svg", tag);
    const svg = make("svg");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    const path = svg.appendChild(make("path"));
    path.setAttribute("d", "M3 4h18v13H12l-5 4v-4H3zM8 9h8M8 13h5");
    return svg;
  }

  const place = make("legation-launcher", {});
  const inside = place.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(style.replace("SIDE", said.position === "bottom-left" ? "left" : "right").replace("ACCENT", accent()));
  inside.adoptedStyleSheets = [sheet];
  const panel = make("div", { class: "panel", id: "panel", role: "dialog", "aria-label": title, hidden: "" });
  const button = make("button", { type: "button", "aria-expanded": "false", "aria-controls": "panel" }, picture(), title);
  inside.append(button, panel);

  let frame, ready;
  let waiting = []; // what to tell the frame once it listens
  const news = (type, detail) => document.dispatchEvent(new CustomEvent(`legation:${type}`, { detail, bubbles: true }));
  const post = (type, given) => frame.contentWindow.postMessage({ legation: type, ...given }, there);
  const tell = (...message) => (ready ? post(...message) : waiting.push(message));

  function load() {
    const made = (frame = make("iframe", { title, src: page.href, referrerpolicy: "no-referrer" }));
    const late = () => frame === made && fail();
    frame.addEventListener("load", () => {
      post("hello");
      setTimeout(late, 2000);
    });
    setTimeout(late, 20000);
    panel.replaceChildren(frame);
  }

  // A site that is not listed, a policy of the page, or no connection: the frame cannot say which, but it has not answered.
  function fail() {
    if (ready) return;
    const link = make("a", { href: page.href, target: "_blank", rel: "noopener" }, words.unframed_link);
    panel.replaceChildren(make("p", { dir: "auto" }, words.unframed, " ", link));
    link.focus();
    console.warn(`Legation: ${there} did not answer from its frame. Is ${location.origin} in its LEGATION_ORIGINS, and ${there} in frame-src of this page's policy?`);
    frame = undefined;
    waiting = [];
  }

  function open() {
    if (panel.hidden) {
      panel.hidden = false;
      button.setAttribute("aria-expanded", "true");
      frame ?? load();
      news("open");
    }
    frame?.focus();
    tell("focus");
  }

  function close() {
    if (panel.hidden) return;
    const held = inside.activeElement;
    panel.hidden = true;
    button.setAttribute("aria-expanded", "false");
    if (held) button.focus();
    news("close");
  }

  const toggle = () => (panel.hidden ? open() : close());

  button.addEventListener("click", toggle);
  inside.addEventListener("keydown", (event) => event.key === "Escape" && close());
  addEventListener("message", ({ source, origin, data }) => {
    if (!frame || source !== frame.contentWindow || origin !== there) return;
    if (data.legation === "ready") {
      ready = true;
      button.classList.add("ready");
      waiting.splice(0).forEach((message) => post(...message));
    } else if (data.legation === "close") close();
    else if (data.legation === "answer") news("answer", { id: data.id, outcome: data.outcome, citations: data.citations });
  });

  window.Legation = {
    open,
    close,
    toggle,
    ask(text) {
      open();
      tell("ask", { text: String(text) });
    },
  };

  function begin() {
    document.body.append(place);
    news("ready");
  }
  if (document.body) begin();
  else addEventListener("DOMContentLoaded", begin);
})();
