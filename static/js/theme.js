// What must be known before the page is drawn, so that nothing flashes or moves: light or dark, and which buttons will work.
// The reader's system decides on the theme until the switch is used, and only then is anything stored.
"use strict";

(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const remembered = () => { try { return localStorage.getItem("theme"); } catch { return null; } };
  const remember = (theme) => { try { localStorage.setItem("theme", theme); } catch { /* blocked storage: this page alone */ } };
  const current = () => root.dataset.theme || (dark.matches ? "dark" : "light");

  const chosen = remembered();
  if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;
  // What works with scripts alone has its place from the first line that is drawn: appearing later it would move the page.
  root.dataset.scripts = "on";
  if (navigator.share) root.dataset.shareSheetHere = "on";

  // A page that is come back to, or open beside, was drawn before the switch was used elsewhere.
  let label = () => {};
  const follow = () => {
    const theme = remembered();
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    label();
  };
  addEventListener("pageshow", (event) => { if (event.persisted) follow(); });
  addEventListener("storage", (event) => { if (event.key === "theme") follow(); });

  document.addEventListener("DOMContentLoaded", () => {
    const button = document.querySelector("[data-theme-switch]");
    if (!button) return;
    label = () => { button.textContent = current() === "dark" ? "Light" : "Dark"; };
    label();
    dark.addEventListener("change", label);
    button.addEventListener("click", () => {
      root.dataset.theme = current() === "dark" ? "light" : "dark";
      remember(root.dataset.theme);
      label();
    });
  });
})();
