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
  const on = queue.querySelector("[data-queue-keys-on]");

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
  // Single letters are in the way of who speaks to the browser, or strikes keys without meaning to.
  try { on.checked = localStorage.getItem("queue-keys") !== "off"; } catch { /* storage is blocked: they are on */ }
  on.addEventListener("change", () => {
    try { localStorage.setItem("queue-keys", on.checked ? "on" : "off"); } catch { /* blocked storage: this page alone */ }
  });

  const current = () => entries.find((entry) => entry.contains(document.activeElement));
  const go = (entry) => {
    if (!entry) return;
    entry.focus({ preventScroll: true });
    entry.scrollIntoView({ block: "nearest" });
    status.textContent = `${entry.getAttribute("aria-label")}, ${entries.indexOf(entry) + 1} of ${entries.length}`;
  };
  // Only of the comment that is marked: nobody has read another.
  const ofMarked = (act) => (entry) => {
    if (entry) act(entry);
    else status.textContent = "No comment is marked: j marks the next one.";
  };
  const press = (key) => ofMarked((entry) => {
    const button = entry.querySelector(`[data-key="${key}"]`);
    if (!button) return;
    if (button.localName === "summary") {
      button.parentElement.open = true;
      button.parentElement.querySelector("select").focus();
    } else button.click();
  });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || keys.open) return;
    const rejecting = event.key === "Escape" && !event.isComposing && event.target.closest(".queue-reject[open]");
    if (rejecting) {
      const entry = current();
      rejecting.open = false;
      go(entry);
      return;
    }
    if (event.key === "Enter" && !event.isComposing && event.target.matches("[name^='note-']")) {
      event.preventDefault();
      event.target.closest(".queue-reasons").querySelector("[name=_reject]").click();
      return;
    }
    if (event.target.matches("input:not([type=checkbox]), textarea, select, [contenteditable]") || !on.checked) return;
    const entry = current();
    const at = entries.indexOf(entry);
    const acts = {
      j: () => (at + 1 < entries.length ? go(entries[at + 1]) : queue.querySelector("[data-queue-next]")?.focus()),
      k: () => go(entries[Math.max(0, at - 1)]),
      a: press("a"),
      r: press("r"),
      s: press("s"),
      x: ofMarked((marked) => marked.querySelector("[name=selected]")?.click()),
      u: () => queue.querySelector('[name="_undo"]')?.click(),
      "?": () => keys.showModal(),
    };
    if (acts[event.key]) {
      event.preventDefault();
      // Held down, a key moves on; it decides nothing that has come under it since.
      if (!event.repeat || "jk".includes(event.key)) acts[event.key](entry);
    }
  });

  // After a decision the page begins at the comment below.
  go(document.querySelector(`${location.hash.startsWith("#entry-") ? location.hash : "#none"}`));
});
