"use strict";
// Marks lead to their card and cards back to their mark; answers can be copied; screen readers get names and news.
(() => {
  let from = null; // the mark that was followed last

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
    const words = button.textContent;
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = words; }, 2000);
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

  // Gradio names each message by its raw Markdown, which a screen reader would read sign by sign.
  let asked = 0;
  function tidy() {
    const questions = document.querySelectorAll("#conversation .user-row");
    if (questions.length > asked) questions[questions.length - 1].scrollIntoView({ block: "start", behavior: "auto" });
    asked = questions.length;
    for (const message of document.querySelectorAll('#conversation [data-testid="user"], #conversation [data-testid="bot"]')) {
      const name = message.dataset.testid === "user" ? "Your question" : "Answer";
      if (message.getAttribute("aria-label") !== name) { message.setAttribute("role", "group"); message.setAttribute("aria-label", name); }
    }
    const status = document.getElementById("status");
    if (status && !status.hasAttribute("role")) { status.setAttribute("role", "status"); status.setAttribute("aria-live", "polite"); }
  }
  new MutationObserver(tidy).observe(document.documentElement, { childList: true, subtree: true, attributes: true, attributeFilter: ["aria-label"] });
  tidy();
})();
