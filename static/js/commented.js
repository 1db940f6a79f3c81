// This browser has sent a comment: stories may ask whether one of its comments waits there, and its draft has served.
// Once: come back to, this page leaves alone what has been begun since.
try {
  localStorage.setItem("commented", "yes");
  if (history.state !== "served") {
    sessionStorage.removeItem(`comment:${document.querySelector("[data-sent]").dataset.sent}`);
    history.replaceState("served", "");
  }
} catch { /* storage is blocked: stories do not ask */ }
