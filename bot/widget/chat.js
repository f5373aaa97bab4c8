// The page in the frame: one custom element over /api/ask/stream. Text of documents goes in as text, never as mark-up.
const given = JSON.parse(document.getElementById("given").textContent);
const wished = new URLSearchParams(location.hash.slice(1));
const lang = document.documentElement.lang;
const locale = lang === "en" ? "en-GB" : lang;
// A name of this conversation, so that its questions are counted together.
const session = `${Math.random()}`.slice(2);

const say = (key, gaps = {}) => given.words[key].replace(/\{(\w+)\}/g, (_, name) => gaps[name] ?? "");
// Without characters that are not seen but act: control, zero-width, bidi. Joiners are letters' parts in some scripts.
const shown = (text) => String(text ?? "").replace(/\s+/g, " ").replace(/(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}]/gu, "").trim();

function make(tag, has, ...inside) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(has ?? {})) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...inside.filter(Boolean));
  return node;
}

// What documents say of themselves

function day(date) {
  const [, year, month, number] = /^(\d{4})(?:-(\d\d))?(?:-(\d\d))?/.exec(date) ?? [];
  if (!month) return year ?? shown(date);
  const when = new Date(Date.UTC(year, month - 1, number ?? 1));
  if (isNaN(when)) return shown(date);
  return new Intl.DateTimeFormat(locale, { year: "numeric", month: "long", day: number && "numeric", timeZone: "UTC" }).format(when);
}

function address(text) {
  try {
    const url = new URL(text);
    return /^https?:$/.test(url.protocol) && !url.username && !url.password ? url : null;
  } catch {
    return null;
  }
}

function short(title) {
  const all = shown(title);
  return all.length > 110 ? `${all.slice(0, 110).replace(/\s+\S*$/, "")} …` : all;
}

const joined = (sign, ...parts) => parts.filter(Boolean).join(sign);
const name = (cited) => shown(cited.title) || cited.source;
const byline = (cited) => joined(" — ", short(name(cited)), joined(", ", shown(cited.publisher), day(cited.date)));

function where(cited) {
  const page = cited.page && `p. ${cited.page}`;
  const point = shown(cited.pinpoint);
  return point.includes(page) ? point : joined(", ", point, page);
}

function reading(cited, all) {
  const query = new URLSearchParams({ start: cited.start, end: cited.end });
  const spans = all.filter((one) => one.source === cited.source).map((one) => `${one.start}-${one.end}`);
  if (spans.length > 1) query.set("at", spans.slice(0, 100).join());
  return `read/${encodeURIComponent(cited.source)}?${query}#quote`;
}

// The stream

class Trouble extends Error {
  constructor(status, problem, wait) {
    super(problem?.detail);
    Object.assign(this, { status, wait });
  }
}

async function* frames(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const silence = setTimeout(() => reader.cancel(), 45_000); // a sign of life comes every 15 seconds
    const { value, done } = await reader.read().finally(() => clearTimeout(silence));
    if (done) return;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const fields = Object.fromEntries(block.split("\n").map((line) => line.split(/: (.*)/s)));
      if (fields.event) yield { id: fields.id, type: fields.event, data: JSON.parse(fields.data) };
    }
  }
}

async function* answering(body, signal) {
  let last = "";
  for (let again = true; ; again = false) {
    try {
      const headers = { "Content-Type": "application/json", "Legation-Session": session, ...(last && { "Last-Event-ID": last }) };
      const response = await fetch("api/ask/stream", { method: "POST", headers, body, signal, credentials: "omit" });
      if (!response.ok) throw new Trouble(response.status, await response.json().catch(() => null), +response.headers.get("Retry-After"));
      for await (const { id, type, data } of frames(response.body)) {
        last = id;
        if (type === "error") throw new Trouble(data.status, data);
        yield { type, data };
        if (type === "done") return;
      }
      throw new TypeError("cut");
    } catch (error) {
      if (error instanceof Trouble || signal.aborted || !last || !again) throw error;
      await new Promise((resolve) => setTimeout(resolve, 800));
    }
  }
}

function span(seconds) {
  const [count, unit] = seconds < 120 ? [seconds, "second"] : seconds < 7200 ? [seconds / 60, "minute"] : [seconds / 3600, "hour"];
  return new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "long" }).format(Math.ceil(count));
}

function words(error) {
  const time = span(error.wait || 10);
  if (!(error instanceof Trouble)) return say("offline");
  if (error.status === 429) return say("many", { time });
  if (error.status === 503) return say("busy", { time });
  if (error.status === 504) return say("late");
  if ([400, 413, 422].includes(error.status)) return say("unfit", { reason: shown(error.message) });
  return say("broken");
}

// One question and what came of it

const MARKER = /^(?:\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,5})[).]|[-–—•▪*])\s/;
let cards = 0;

class Turn {
  constructor(question) {
    this.question = question;
    this.answer = { kind: "fact", statements: [], citations: [] };
    this.open = new Set();
    this.body = make("div", { class: "answer" });
    this.heading = make("h2", { dir: "auto", tabindex: "-1" }, shown(question));
    this.node = make("article", {}, this.heading);
  }

  take({ type, data }) {
    const { answer } = this;
    if (type === "sources") answer.citations = data.citations;
    else if (type === "statement") answer.statements.push(data);
    else Object.assign(answer, data);
    this.draw();
  }

  draw(note) {
    const { answer } = this;
    const held = this.body.contains(document.activeElement) && document.activeElement.closest("[data-mark]")?.dataset.mark;
    const asked = shown(answer.standalone_question);
    this.body.replaceChildren(
      ...[
        asked && asked.toLowerCase() !== shown(this.question).toLowerCase() && make("p", { class: "by", dir: "auto" }, say("understood", { question: asked })),
        ...(answer.outcome === "refusal" ? this.refusal() : answer.rows?.length && answer.kind !== "overview" ? [this.table()] : this.parts()),
        answer.outcome === "answer" && shown(answer.reason) && make("p", { class: "note", dir: "auto" }, shown(answer.reason)),
        note && make("p", { class: "note" }, note),
      ].filter(Boolean),
    );
    if (held) this.body.querySelector(`[data-mark="${held}"]`)?.focus();
  }

  refusal() {
    const near = this.answer.nearby ?? [];
    const items = near.map((cited) => make("li", {}, ...this.line("p", byline(cited) + (where(cited) && `, ${where(cited)}`), [cited.number])));
    return [
      make("p", {}, make("strong", {}, say("refused"))),
      make("p", { dir: "auto" }, shown(this.answer.reason)),
      near.length && make("p", {}, say("nearest")),
      near.length && make("ul", {}, ...items),
      make("p", { class: "soft" }, say("reword")),
    ];
  }

  table() {
    const { rows, statements } = this.answer;
    const body = rows.map((row) => {
      const cells = row.statements.flatMap((index) => this.said(statements[index]));
      return make("tr", {}, make("th", { scope: "row", dir: "auto" }, shown(row.label)), make("td", {}, ...(cells.length ? cells : [make("em", {}, say("nothing"))])));
    });
    const head = make("tr", {}, ...["of", "words"].map((key) => make("th", { scope: "col" }, say(key))));
    return make("table", {}, make("thead", {}, head), make("tbody", {}, ...body));
  }

  // Paragraphs, lists and quotations, under whose words they are and, of an overview, under their headings.
  parts() {
    const { kind, rows, statements } = this.answer;
    const several = statements.filter((one) => MARKER.test(shown(one.text))).length > 1;
    const made = [];
    let source, box, list;
    for (const statement of statements) {
      const cited = this.cited(statement.citations[0]);
      if (!cited) continue;
      const row = rows?.find((one) => statements[one.statements[0]] === statement);
      if (cited.source !== source || kind === "timeline") {
        const dated = kind === "timeline" && cited.date ? joined(" · ", day(cited.date), short(name(cited))) : byline(cited);
        made.push(make("p", { class: "by", dir: "auto" }, joined(", ", dated, kind === "provision" && where(cited))));
        made.push((box = make("div", { class: kind === "provision" ? "quoted" : "said" })));
        [source, list] = [cited.source, null];
      }
      if (row) {
        list = null;
        box.append(make("p", { class: "soft" }, shown(row.label)));
      }
      if (several && MARKER.test(shown(statement.text))) {
        if (!list) box.append((list = make("ul")));
        list.append(make("li", {}, ...this.said(statement)));
      } else {
        list = null;
        box.append(...this.said(statement));
      }
    }
    return made;
  }

  said(statement) {
    return this.line("p", shown(statement.text), statement.citations);
  }

  cited(number) {
    return [...this.answer.citations, ...(this.answer.nearby ?? [])].find((one) => one.number === number);
  }

  // Words with their marks, and the card of each, which its mark opens.
  line(tag, text, numbers) {
    const line = make(tag, { dir: "auto" }, text);
    const below = [];
    for (const number of numbers) {
      const cited = this.cited(number);
      if (!cited) continue;
      const id = `card-${++cards}`;
      const open = this.open.has(number);
      const card = this.card(cited, id, !open);
      const label = say("mark", { number, place: joined(", ", short(name(cited)), where(cited)) });
      const mark = make("button", { type: "button", class: "mark", "data-mark": number, "aria-expanded": String(open), "aria-controls": id, "aria-label": label }, String(number));
      const turn = (on) => {
        card.hidden = !on;
        mark.setAttribute("aria-expanded", String(on));
        this.open[on ? "add" : "delete"](number);
        if (on) card.scrollIntoView({ block: "nearest" });
      };
      mark.addEventListener("click", () => turn(card.hidden));
      for (const part of [mark, card]) {
        part.addEventListener("keydown", (event) => {
          if (event.key !== "Escape" || card.hidden) return;
          event.stopPropagation();
          turn(false);
          mark.focus();
        });
      }
      line.append("\u00a0", mark);
      below.push(card);
    }
    return [line, ...below];
  }

  card(cited, id, hidden) {
    const url = address(cited.url);
    const out = (href, text, label) => make("a", { href, target: "_blank", rel: "noopener noreferrer", ...(label && { "aria-label": label }) }, text);
    const place = where(cited);
    return make(
      "div",
      { class: "card", id, hidden, "data-mark": cited.number, role: "group", "aria-label": say("source", { number: cited.number }) },
      place && make("p", { dir: "auto" }, make("strong", {}, place)),
      make("blockquote", { dir: "auto" }, shown(cited.quote)),
      make("p", { class: "soft", dir: "auto" }, joined(" · ", name(cited), shown(cited.publisher), day(cited.date), shown(cited.symbol)), " ", shown(cited.status) && make("span", { class: "badge" }, shown(cited.status))),
      make("p", {}, out(reading(cited, [...this.answer.citations, ...(this.answer.nearby ?? [])]), say("read")), " ", url && out(url.href, say("open", { host: url.hostname }))),
    );
  }
}

// The page around the turns

class Chat extends HTMLElement {
  connectedCallback() {
    this.title_ = shown(wished.get("title") ?? "").slice(0, 60) || given.name;
    this.turns = [];
    this.close = make("button", { type: "button", class: "close", "aria-label": say("close"), hidden: true, onclick: () => tell("close") }, "×");
    this.welcome = make("div", {}, make("p", {}, given.welcome), ...this.offers(this.questions(), "starters"));
    this.log = make("div", { role: "log", "aria-label": say("conversation") });
    this.draft = make("div");
    this.next = make("div");
    this.status = make("p", { role: "status", class: "soft" });
    this.alert = make("div", { role: "alert" });
    this.box = make("textarea", { dir: "auto", rows: "1", "aria-label": say("question"), placeholder: say("placeholder"), maxlength: "2000", enterkeyhint: "send", onkeydown: (event) => this.key(event) });
    this.send = make("button", { class: "send" }, say("ask"));
    this.stop = make("button", { type: "button", hidden: true, onclick: () => this.stopped() }, say("stop"));
    this.clear = make("button", { type: "button", hidden: true, onclick: () => this.anew() }, say("clear"));
    this.main = make("main", { tabindex: "0" }, this.welcome, this.log, this.draft, this.next, this.status, this.alert);
    this.append(
      make("header", {}, make("h1", { dir: "auto" }, this.title_), this.close),
      this.main,
      make("form", { role: "search", onsubmit: (event) => this.submit(event) }, this.box, this.send, this.stop),
      make("footer", {}, given.privacy && make("span", {}, given.privacy), make("a", { href: "./", target: "_blank", rel: "noopener" }, say("whole")), this.clear),
    );
    document.title = this.title_;
    addEventListener("keydown", (event) => event.key === "Escape" && !event.isComposing && tell("close"));
    addEventListener("online", () => this.alert.hasChildNodes() && (this.status.textContent = say("returned")));
    if (parent === window) this.box.focus();
  }

  questions() {
    const own = (wished.get("questions") ?? "").split("|").map((one) => shown(one).slice(0, 200)).filter(Boolean);
    return (own.length ? own : given.questions).slice(0, 6);
  }

  offers(questions, heading) {
    if (!questions.length) return [];
    const items = questions.map((one) => make("li", {}, make("button", { type: "button", dir: "auto", onclick: () => this.ask(one) }, one)));
    return [make("p", { class: "soft" }, say(heading)), make("ul", { class: "offers" }, ...items)];
  }

  key(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.submit(event);
  }

  submit(event) {
    event.preventDefault();
    if (this.running) return this.status.replaceChildren(say("one"));
    const question = this.box.value.trim();
    if (question) this.ask(question);
    else this.box.focus();
  }

  history() {
    const said = this.turns.flatMap(({ question, answer }) => [
      { role: "user", content: question },
      { role: "assistant", content: answer.text.slice(0, 4000) },
    ]);
    return given.history ? said.slice(-given.history) : [];
  }

  async ask(question) {
    if (this.running) return this.status.replaceChildren(say("one"));
    const turn = new Turn(question);
    this.running = new AbortController();
    this.box.value = "";
    this.welcome.hidden = this.send.hidden = this.clear.hidden = true;
    this.stop.hidden = false;
    this.next.replaceChildren();
    this.alert.replaceChildren();
    this.report("searching");
    this.log.append(turn.node);
    this.draft.replaceChildren(turn.body);
    turn.heading.scrollIntoView({ block: "start" });
    this.box.focus();
    try {
      const body = JSON.stringify({ question, history: this.history() });
      for await (const event of answering(body, this.running.signal)) {
        turn.take(event);
        if (event.type === "sources") this.report("checking");
      }
      this.finished(turn);
    } catch (error) {
      this.failed(turn, error);
    } finally {
      this.running = null;
      if (this.stop.matches(":focus")) this.box.focus(); // what is hidden loses it
      this.send.hidden = false;
      this.stop.hidden = true;
      this.clear.hidden = !this.log.hasChildNodes();
      this.welcome.hidden = this.log.hasChildNodes();
    }
  }

  report(key) {
    this.status.textContent = key && say(key);
  }

  // Moved into the log in one piece, so that a screen reader says it once.
  keep(turn) {
    const at = document.activeElement;
    turn.node.append(turn.body);
    if (turn.body.contains(at)) at.focus();
  }

  finished(turn) {
    const { answer } = turn;
    this.report("");
    this.keep(turn);
    this.turns.push(turn);
    this.next.replaceChildren(...this.offers(answer.followups ?? [], "followups"));
    turn.heading.scrollIntoView({ block: "start" });
    tell("answer", { id: answer.id, outcome: answer.outcome, citations: answer.citations.length });
  }

  failed(turn, error) {
    const stopped = this.running.signal.aborted;
    if (turn.answer.statements.length) {
      turn.draw(say(stopped ? "stopped_part" : "cut"));
      this.keep(turn);
    } else {
      turn.node.remove();
      this.draft.replaceChildren();
      this.box.value ||= turn.question;
    }
    this.report(stopped ? "stopped" : "");
    if (stopped) return;
    const again = make("button", { type: "button", disabled: error.wait > 0, onclick: () => this.ask(turn.question) }, say("retry"));
    if (error.wait <= 600) setTimeout(() => (again.disabled = false), error.wait * 1000);
    this.alert.replaceChildren(make("p", { class: "note" }, words(error)), again);
    tell("answer", { outcome: "error", citations: 0 });
  }

  stopped() {
    this.running?.abort();
    this.box.focus();
  }

  anew() {
    this.turns = [];
    for (const part of [this.log, this.draft, this.next, this.alert]) part.replaceChildren();
    this.report("");
    this.clear.hidden = true;
    this.welcome.hidden = false;
    this.box.focus();
  }
}

// The accent: readable on what it stands on, or not used. On dark pages it is made lighter until it is.

const parts = (colour) => colour.match(/\w\w/g).map((two) => parseInt(two, 16));

function light(colour) {
  const [r, g, b] = parts(colour).map((part) => part / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
}

const contrast = (one, other) => Math.max(light(one) / light(other), light(other) / light(one));

function tinted(accent) {
  if (!/^#[0-9a-f]{6}$/i.test(accent) || contrast(accent, "#e8eff7") < 4.5) {
    console.warn(`Legation: accent ${accent} is not used: write #1d4e89, or another that can be read on white (4.5:1).`);
    return;
  }
  let lighter = accent;
  while (contrast(lighter, "#22324a") < 4.5) lighter = `#${parts(lighter).map((part) => Math.ceil(part + (255 - part) / 8).toString(16).padStart(2, "0")).join("")}`;
  const sheet = new CSSStyleSheet();
  const rule = (colour, on) => `:root.by-system{--own:${colour};--own-hover:${colour};--on-own:${on}}`;
  sheet.replaceSync(`${rule(accent, "#fff")}@media(prefers-color-scheme:dark){${rule(lighter, "#0f1620")}}`);
  document.adoptedStyleSheets.push(sheet);
}

// The page around the frame: heard when it is listed, and told nothing of what is asked.

const listed = [...given.origins, location.origin];
let host = "";
const tell = (type, detail) => host && parent.postMessage({ legation: type, ...detail }, host);

if (wished.get("accent")) tinted(wished.get("accent"));
customElements.define("legation-chat", Chat);
const chat = document.querySelector("legation-chat");

addEventListener("message", ({ source, origin, data }) => {
  if (source !== parent || parent === window || !listed.includes(origin) || (host && origin !== host)) return;
  if (data?.legation === "hello") {
    host = origin;
    chat.close.hidden = false;
    tell("ready");
  } else if (!host) return;
  else if (data?.legation === "focus") chat.box.focus();
  else if (data?.legation === "ask" && typeof data.text === "string" && data.text.trim()) chat.ask(data.text.trim().slice(0, 2000));
});
