// This browser has sent a comment: stories may ask whether one of its comments waits there, and drafts have served.
try {
  localStorage.setItem("commented", "yes");
  for (const key of Object.keys(sessionStorage)) if (key.startsWith("comment:")) sessionStorage.removeItem(key);
} catch { /* storage is blocked: stories do not ask */ }
