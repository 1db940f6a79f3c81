// The moderators' queue by keyboard. Everything here is a button on the page as well.
document.addEventListener("DOMContentLoaded", () => {
  const queue = document.querySelector("[data-queue]");
  if (!queue) return;
  // Stories ask for a moderator's buttons in browsers that have been here.
  try { localStorage.setItem("moderator", "yes"); } catch { /* storage is blocked: stories do not ask */ }

  const entries = [...queue.querySelectorAll("[data-entry]")];
  const status = queue.querySelector("[data-queue-status]");
  const keys = queue.querySelector("[data-queue-keys]");
  const all = queue.querySelector("[data-queue-all]");
  const help = queue.querySelector("[data-queue-help]");

  if (all) {
    all.hidden = false;
    all.querySelector("input").addEventListener("change", (event) => {
      for (const box of queue.querySelectorAll("[name=selected]")) box.checked = event.target.checked;
    });
  }
  if (help) {
    help.hidden = false;
    help.addEventListener("click", () => keys.showModal());
  }

  const current = () => entries.find((entry) => entry.contains(document.activeElement));
  const go = (entry) => {
    if (!entry) return;
    entry.focus({ preventScroll: true });
    entry.scrollIntoView({ block: "nearest" });
    status.textContent = `${entry.getAttribute("aria-label")}, ${entries.indexOf(entry) + 1} of ${entries.length}`;
  };
  const press = (entry, key) => {
    const button = entry?.querySelector(`[data-key="${key}"]`);
    if (!button) return;
    if (button.localName === "summary") {
      button.parentElement.open = true;
      button.parentElement.querySelector("select").focus();
    } else button.click();
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || keys.open) return;
    if (event.key === "Enter" && !event.isComposing && event.target.matches("[name^='note-']")) {
      event.preventDefault();
      event.target.closest(".queue-reasons").querySelector("[name=_reject]").click();
      return;
    }
    if (event.target.matches("input:not([type=checkbox]), textarea, select, [contenteditable]")) return;
    const entry = current();
    const at = entries.indexOf(entry);
    const acts = {
      j: () => (at + 1 < entries.length ? go(entries[at + 1]) : queue.querySelector("[data-queue-next]")?.focus()),
      k: () => go(entries[Math.max(0, at - 1)]),
      a: () => press(entry ?? entries[0], "a"),
      r: () => press(entry ?? entries[0], "r"),
      s: () => press(entry ?? entries[0], "s"),
      x: () => (entry ?? entries[0])?.querySelector("[name=selected]")?.click(),
      u: () => queue.querySelector('[name="_undo"]')?.click(),
      "?": () => keys.showModal(),
    };
    if (acts[event.key]) {
      event.preventDefault();
      acts[event.key]();
    }
  });

  // After a decision the page begins at the comment below.
  go(document.querySelector(`${location.hash.startsWith("#entry-") ? location.hash : "#none"}`));
});
