// This browser has sent a comment: stories may ask whether one of its comments waits there, and its drafts there have served.
try {
  localStorage.setItem("commented", "yes");
  const draft = `comment:${document.querySelector("[data-sent]").dataset.sent}:`;
  for (const key of Object.keys(sessionStorage)) if (key.startsWith(draft)) sessionStorage.removeItem(key);
} catch { /* storage is blocked: stories do not ask */ }
