// Unsaved text of a story goes to the server as a private copy, every few seconds while somebody types; while the network
// or the login is gone it stays in this browser, under the name of who typed it, and is sent later as theirs alone. Leaving
// with unsaved changes asks.
const PAUSE = 3000, PATIENCE = 20_000, LOST = 10_000;

document.addEventListener("DOMContentLoaded", () => {
  const status = document.querySelector("[data-autosave]");
  const form = status?.closest("#content")?.querySelector("#article_form");
  if (!form) return;
  const url = status.dataset.autosave;
  const { user, presence } = document.querySelector("[data-presence]").dataset;
  const mine = `autosave:${user}:`, key = `${mine}${url}:${form.elements._slot.value}`;
  let typed = false, unsent = false, closed = false, running = null, timer = null;

  // Where the story takes nothing any more, a warning with the ways on; else a quiet line.
  function say(words, links = []) {
    const told = [words, ...links.map(([label]) => label)].join(" ");
    if (status.textContent === told) return;
    status.classList.toggle("quiet", !links.length);
    status.classList.toggle("preflight", links.length > 0);
    status.replaceChildren(words, ...links.flatMap(([label, address]) => {
      const link = document.createElement("a");
      link.href = address;
      link.textContent = label;
      return [" ", link];
    }));
  }
  const later = (pause = PAUSE) => { clearTimeout(timer); timer = setTimeout(send, pause); };
  const keepHere = (data) => {
    try { localStorage.setItem(key, JSON.stringify({ url, body: data.toString() })); } catch { /* storage is blocked or full */ }
  };
  const forgetHere = () => { try { localStorage.removeItem(key); } catch { /* storage is blocked */ } };

  function body() {
    const data = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (typeof value === "string") data.append(name, value);
    data.set("_typist", user);
    data.set("_typed_at", Date.now());
    return data;
  }

  const post = (to, data) => fetch(to, { method: "POST", body: data, redirect: "manual", signal: AbortSignal.timeout(PATIENCE) });

  // A login in another tab has made our token worthless, or this one is over: asking tells which. Throws when logged out.
  async function renewToken() {
    const answer = await fetch(presence, { redirect: "manual", headers: { Accept: "application/json" } });
    if (answer.type === "opaqueredirect") throw new Error("logged out");
    if (!answer.ok) return false;
    const { token } = await answer.json();
    for (const field of document.querySelectorAll("[name=csrfmiddlewaretoken]")) field.value = token;
    return true;
  }

  // Whether the form may go: "sent"; "refused", the server is there but kept no copy; "away"; "closed", the story takes nothing.
  async function copy() {
    const data = body();
    unsent = false;
    try {
      let answer = await post(url, data);
      if (answer.status === 403 && await renewToken()) {
        data.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
        answer = await post(url, data);
      }
      if (answer.type === "opaqueredirect") throw new Error("logged out");
      if (!answer.ok) {
        keepHere(data);
        const told = answer.headers.get("Content-Type")?.includes("json") ? (await answer.json()).message : "";
        say(`No copy could be kept on the server${told ? `: ${told}` : ` (${answer.status}).`} What you typed is kept in this browser.`);
        later(5 * PAUSE);
        return "refused";
      }
      const { saved_at: at, may_save: maySave, message, links } = await answer.json();
      forgetHere();
      closed = !maySave;
      if (maySave) say(`Kept as your private copy at ${at}; not saved in the story yet.`);
      else say(message, links);
      return maySave ? "sent" : "closed";
    } catch {
      unsent = true;
      keepHere(data);
      say("The server cannot be reached, or you are not logged in any more: what you typed is kept in this browser.");
      document.dispatchEvent(new Event("desk:lost"));
      later(5 * PAUSE);
      return "away";
    }
  }

  // One after the other: who asks while a copy is on its way waits for it, and sends what has been typed since.
  async function send() {
    clearTimeout(timer);
    while (running) await running;
    running = copy();
    try { return await running; } finally { running = null; }
  }

  // Compared, and not only listened to: look-ups tell jQuery alone of a choice, the calendar and the editor tell nobody.
  const typedIn = () => JSON.stringify([...new FormData(form)].filter(([name]) => !/^(_|csrf)/.test(name)));
  let known = typedIn();
  function look() {
    const now = typedIn();
    if (now === known) return;
    known = now;
    typed = unsent = true;
    later();
  }
  form.addEventListener("input", look);
  form.addEventListener("change", look);
  setInterval(look, 1000);

  document.addEventListener("desk:back", () => { if (typed) send(); });

  // The copy goes first: where it cannot, because the login or the network is gone, the page stays and nothing is lost. Then the
  // form goes, and once: pressed again while a slow server saves, a new story would become two.
  let leaving = false, gone = null;
  const here = () => { clearTimeout(gone); gone = null; };
  form.addEventListener("submit", async (event) => {
    if (leaving || gone) {
      event.preventDefault();
      if (gone) say("It is being saved.");
      return;
    }
    look();
    if (!typed) {
      gone = setTimeout(here, LOST);
      return;
    }
    event.preventDefault();
    leaving = true;
    const outcome = await send();
    leaving = false;
    if (outcome === "away" || outcome === "closed") {
      // Why nothing happens stands above the form; who pressed may be at its end.
      (document.querySelector("[data-away]:not([hidden])") ?? document.querySelector("[data-autosave]"))?.scrollIntoView({ block: "center" });
      return;
    }
    known = typedIn();
    typed = unsent = false;
    clearTimeout(timer);
    form.requestSubmit(event.submitter);
  });
  // What is kept of a story that takes nothing any more is found where the warning leads.
  addEventListener("beforeunload", (event) => { look(); if (typed && (unsent || !closed)) event.preventDefault(); });
  addEventListener("pagehide", () => { if (unsent || running) keepHere(body()); });
  // Come back to with the browser's button, the page is as it was left.
  addEventListener("pageshow", here);

  // What this person could not send earlier, in whichever story. What belongs to others stays, and is theirs to send.
  async function sendEarlier(name) {
    const kept = localStorage.getItem(name);
    const { url: to, body: words } = JSON.parse(kept);
    const data = new URLSearchParams(words);
    data.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
    const answer = await post(to, data);
    if (answer.ok && localStorage.getItem(name) === kept) localStorage.removeItem(name);
    return answer.ok;
  }
  (async () => {
    try {
      const names = Object.keys(localStorage).filter((name) => name.startsWith(mine));
      const sent = await Promise.all(names.map((name) => sendEarlier(name).catch(() => false)));
      if (sent.some(Boolean) && !typed) {
        say("What you typed when the server could not be reached has been kept: load this page again to see it.");
      }
    } catch { /* storage is blocked */ }
  })();
});
