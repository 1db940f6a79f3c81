// Who else has this story open, and whether we are still logged in. Advice alone: saving is safe without it.
const BEAT = 20_000, QUICK = 2_000;

document.addEventListener("DOMContentLoaded", () => {
  const place = document.querySelector("[data-presence]");
  if (!place) return;
  const { presence: url, login, user } = place.dataset;
  const others = place.querySelector("[data-others]"), away = place.querySelector("[data-away]"), link = away.querySelector("a");
  const seen = Number(document.querySelector("#id_version")?.value);
  let timer = null;

  const tokens = () => document.querySelectorAll("[name=csrfmiddlewaretoken]");
  const ask = (options) => fetch(url, { redirect: "manual", headers: { Accept: "application/json" }, ...options });

  async function beat() {
    clearTimeout(timer);
    let wait = BEAT;
    try {
      let answer = await ask({ method: "POST", body: new URLSearchParams({ csrfmiddlewaretoken: tokens()[0].value }) });
      // A login in another tab has made our token worthless: a new one is asked for.
      if (answer.status === 403) answer = await ask({});
      if (answer.ok) tell(await answer.json());
      else if (answer.type === "opaqueredirect") { show(away, true); wait = QUICK; }
      else say("You may not change this story any more. What you typed stays on this page.");
    } catch { /* offline: autosave says so */ }
    timer = setTimeout(beat, wait);
  }

  function tell(answer) {
    for (const token of tokens()) token.value = answer.token;
    if (!away.hidden) {
      show(away, false);
      document.dispatchEvent(new Event("desk:back"));
    }
    const words = [];
    if (answer.others.length) words.push(`Also editing this: ${answer.others.join("; ")}.`);
    if (answer.version > seen) words.push("It has been saved since you opened it: when you save, both are put together.");
    if (answer.user !== user) words.push(`You are logged in as ${answer.user} now.`);
    if (answer.refusal) words.push(answer.refusal);
    say(words.join(" "));
  }

  function say(words) {
    if (others.textContent !== words) others.textContent = words;
    show(others, words !== "");
  }

  const show = (element, shown) => { element.hidden = !shown; };

  link.addEventListener("click", (event) => {
    // Opened by script, so that it may close itself again.
    if (window.open(login, "desk-login", "popup,width=520,height=640")) event.preventDefault();
  });
  document.addEventListener("desk:lost", beat);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) beat(); });
  addEventListener("pagehide", () => {
    navigator.sendBeacon(url, new URLSearchParams({ csrfmiddlewaretoken: tokens()[0].value, left: "1" }));
  });
  beat();
});
