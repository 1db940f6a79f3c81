// The publishing button says what it will do with the time that is typed, in the newsroom's zone: the server words it, and the
// form sends along what it said. Without this file the server asks where the two differ.
const REST = 250;

// Django puts the keyboard of a new form on its first button; a story begins with its headline.
addEventListener("load", () => {
  if (document.activeElement?.matches(".desk-enter, .desk-move")) document.getElementById("id_headline")?.focus();
});

document.addEventListener("DOMContentLoaded", () => {
  const form = document.getElementById("article_form"), sent = form?.querySelector("[name=_said]");
  const buttons = form ? [...form.querySelectorAll("[data-publishes]")] : [];
  const parts = [0, 1].map((number) => document.getElementById(`id_publish_at_${number}`));
  if (!sent || !buttons.length || !parts.every(Boolean)) return;
  const typed = () => parts.map((part) => part.value).join("\n");
  let worded = typed(), asked = 0, timer = null;

  async function word() {
    const now = typed(), mine = ++asked;
    const query = new URLSearchParams(parts.map((part) => [part.name, part.value]));
    let answer = {};
    try {
      answer = await (await fetch(`${buttons[0].dataset.publishes}?${query}`, { redirect: "manual" })).json();
    } catch { /* offline: autosave says so, and the server asks */ }
    if (mine !== asked) return;
    worded = now;
    for (const button of buttons) {
      button.textContent = answer.label ?? "Publish…";
      button.title = answer.problem ?? "";
    }
    if (answer.label) sent.value = answer.said;
  }

  // The calendar and the clock beside the fields write into them without an event.
  setInterval(() => {
    if (typed() === worded || timer) return;
    timer = setTimeout(() => { timer = null; word(); }, REST);
  }, 100);
  // A label that is true no more when its time comes.
  setInterval(() => { if (!document.hidden && sent.value && Date.parse(sent.value) <= Date.now()) word(); }, 20_000);
});
