// Says once that a story has been on the screen for five seconds. Keeps nothing in the browser and sends no cookie.
"use strict";

(() => {
  const story = document.querySelector("[data-read]");
  if (!story) return;
  let timer;
  const look = () => {
    clearTimeout(timer);
    if (document.visibilityState !== "visible") return;
    timer = setTimeout(() => {
      document.removeEventListener("visibilitychange", look);
      fetch(story.dataset.read, { method: "POST", credentials: "omit", keepalive: true }).catch(() => {});
    }, 5000);
  };
  document.addEventListener("visibilitychange", look);
  look();
})();
