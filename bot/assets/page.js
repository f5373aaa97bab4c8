"use strict";
// Marks lead to their card and cards back to their mark; answers can be copied; screen readers get names and news.
(() => {
  let from = null; // the mark that was followed last

  // What this script says, in the language that the server has chosen for the page.
  const word = (name) => document.querySelector(`#header .say-${name}`)?.textContent ?? "";

  const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

  function go(target) {
    target.focus({ preventScroll: true });
    target.scrollIntoView({ block: "center", behavior: calm() ? "auto" : "smooth" });
  }

  function follow(mark) {
    const card = document.getElementById(mark.hash.slice(1));
    if (!card) return;
    from = mark;
    const group = card.closest("details");
    if (group) group.open = true;
    go(card);
  }

  function back(card) {
    const here = from && from.isConnected && from.hash === "#" + card.id;
    const mark = here ? from : document.querySelector(`#conversation a[href="#${card.id}"]`);
    if (mark) go(mark);
  }

  async function copy(button) {
    const text = button.parentElement.querySelector(".copied").textContent;
    try {
      await navigator.clipboard.writeText(text);
    } catch { // no clipboard outside a secure context
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
      button.focus();
    }
    const label = button.textContent;
    button.textContent = word("copied");
    setTimeout(() => { button.textContent = label; }, 2000);
  }

  document.addEventListener("click", (event) => {
    const mark = event.target.closest('#conversation a[href^="#src-"]');
    const card = event.target.closest(".quote");
    if (mark) { event.preventDefault(); follow(mark); }
    else if (card && event.target.closest(".back")) back(card);
    else if (event.target.closest(".copy")) copy(event.target.closest(".copy"));
  });

  document.addEventListener("keydown", (event) => {
    const card = event.key === "Escape" && event.target.closest?.(".quote");
    if (card) back(card);
  });

  // One question at a time; and a server that has gone is said to be gone, with what was asked kept.
  const running = () => Boolean(document.querySelector("#stop")?.offsetParent);

  function says(text, button) {
    let place = document.getElementById("says");
    if (!place) {
      const row = document.getElementById("question-row");
      if (!row) return;
      place = document.createElement("div");
      place.id = "says";
      place.setAttribute("role", "status");
      row.before(place);
    }
    place.textContent = text;
    if (!button) return;
    const again = document.createElement("button");
    again.type = "button";
    again.textContent = button;
    again.addEventListener("click", () => {
      const asked = [...document.querySelectorAll("#conversation [data-testid=user]")].pop();
      const typed = document.querySelector("#question textarea").value;
      sessionStorage.setItem("legation-question", typed || asked?.textContent.trim() || "");
      location.reload();
    });
    place.append(again);
  }

  let gone = false;
  async function look() {
    try {
      await fetch("healthz", { cache: "no-store", signal: AbortSignal.timeout(4000) });
      if (gone) says(word("returned"), word("reload"));
      gone = false;
    } catch {
      if (!gone) says(word("lost"));
      gone = true;
    }
  }
  setInterval(() => { if (running() || gone) look(); }, 2000);

  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && running() && event.target.closest?.("#question")) says(word("busy"));
  }, true);

  function restore() {
    const kept = sessionStorage.getItem("legation-question");
    const area = document.querySelector("#question textarea");
    if (!kept || !area) return;
    sessionStorage.removeItem("legation-question");
    area.value = kept;
    area.dispatchEvent(new Event("input", { bubbles: true }));
  }

  // Gradio names each message by its raw Markdown, which a screen reader would read sign by sign.
  let asked = 0;
  function tidy() {
    const questions = document.querySelectorAll("#conversation .user-row");
    if (questions.length > asked) questions[questions.length - 1].scrollIntoView({ block: "start", behavior: "auto" });
    asked = questions.length;
    for (const message of document.querySelectorAll('#conversation [data-testid="user"], #conversation [data-testid="bot"]')) {
      const name = word(message.dataset.testid === "user" ? "question" : "answer");
      if (!name) continue;
      if (message.getAttribute("aria-label") !== name) { message.setAttribute("role", "group"); message.setAttribute("aria-label", name); }
    }
    const heading = document.querySelector("#header h1");
    if (heading?.lang && document.documentElement.lang !== heading.lang) document.documentElement.lang = heading.lang;
    const place = document.getElementById("says");
    if (place && !running() && !gone && place.textContent === word("busy")) place.textContent = "";
    restore();
    for (const status of document.querySelectorAll("#status:not([role]), #takeaway-news:not([role])")) {
      status.setAttribute("role", "status");
      status.setAttribute("aria-live", "polite");
    }
  }
  new MutationObserver(tidy).observe(document.documentElement, { childList: true, subtree: true, attributes: true, attributeFilter: ["aria-label"] });
  tidy();
})();
