"use strict";
// The place is focused, so that a screen reader begins there; addresses and references can be copied; print.
(() => {
  const news = document.getElementById("news");

  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
    } catch { // no clipboard outside a secure context
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
  }

  async function press(button) {
    if ("print" in button.dataset) { window.print(); return; }
    const { address, copy: text, done } = button.dataset;
    await copy(address === undefined ? text : new URL(address, location.href).href);
    button.focus();
    const words = button.textContent;
    if (words === done) return;
    button.textContent = done;
    if (news) news.textContent = done;
    setTimeout(() => { button.textContent = words; if (news) news.textContent = ""; }, 2000);
  }

  function arrive() {
    const place = location.hash === "#quote" && document.getElementById("quote");
    if (!place) return;
    place.focus({ preventScroll: true });
    place.scrollIntoView({ block: "start" });
  }

  for (const button of document.querySelectorAll("button[data-address], button[data-copy], button[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => press(button));
  }
  const outline = document.querySelector(".outline details");
  if (outline && matchMedia("(max-width: 999px)").matches) outline.open = false;
  const current = document.querySelector(".outline [aria-current]");
  const list = document.querySelector(".outline");
  if (current && list) list.scrollTop = current.offsetTop - list.clientHeight / 2;
  addEventListener("hashchange", arrive);
  arrive();
})();
