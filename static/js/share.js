// Makes the share block (templates/components/share.html) nicer: copy the link, the phone's own share sheet, and Mastodon
// on the reader's own server. Without this script all of its links work as they are.
"use strict";

const SERVER_KEY = "mastodon-server";
const SAID_FOR = 6000;
const HOST = /^(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{1,59})$/;

// Storage may be blocked, or full: then the server is asked for each time.
const memory = {
  get server() {
    try {
      return localStorage.getItem(SERVER_KEY) || "";
    } catch {
      return "";
    }
  },
  set server(host) {
    try {
      localStorage.setItem(SERVER_KEY, host);
    } catch {
      // Sharing goes on all the same.
    }
  },
};

// "hachyderm.io", "https://hachyderm.io/@me" and "@me@hachyderm.io" all name hachyderm.io; "" when there is no host in it.
function hostOf(typed) {
  const name = typed.trim().replace(/^https?:\/\//i, "").split(/[/?#]/)[0].split("@").pop();
  try {
    const { hostname } = new URL(`https://${name}`);
    return HOST.test(hostname) ? hostname : "";
  } catch {
    return "";
  }
}

function enhanceShare(block) {
  const part = (hook) => block.querySelector(`[data-share-${hook}]`);
  const { shareUrl: url, shareTitle: title, shareText: text } = block.dataset;
  // Drawn already (share.css); this is for who hears or walks the page.
  const reveal = (button) => { button.closest("li").hidden = false; };

  let silence;
  const say = (words) => {
    const said = part("said");
    clearTimeout(silence);
    // Emptied first: the same words again would not be announced.
    said.textContent = "";
    requestAnimationFrame(() => { said.textContent = words; });
    silence = setTimeout(() => { said.textContent = ""; }, SAID_FOR);
  };

  const copy = part("copy");
  reveal(copy);
  copy.addEventListener("click", async () => {
    const address = part("address");
    try {
      await navigator.clipboard.writeText(url);
      address.hidden = true;
      say("Link copied");
    } catch {
      // No clipboard here (an insecure origin, or refused): the reader copies what is selected.
      address.hidden = false;
      address.focus();
      address.select();
      say("Copy the selected address");
    }
  });

  if (navigator.share) {
    const sheet = part("sheet");
    reveal(sheet);
    sheet.addEventListener("click", async () => {
      try {
        await navigator.share(text ? { title, text, url } : { title, url });
      } catch (error) {
        if (error.name !== "AbortError") say("Sharing did not work here");
      }
    });
  }

  const dialog = part("mastodon");
  if (dialog.showModal) enhanceMastodon(dialog, block.querySelector('[data-share-to="mastodon"]'));
}

function enhanceMastodon(dialog, link) {
  const server = dialog.querySelector("[data-share-server]");
  link.setAttribute("aria-haspopup", "dialog");
  link.addEventListener("click", (event) => {
    event.preventDefault();
    server.value = memory.server;
    server.setCustomValidity("");
    dialog.showModal();
    server.select();
  });
  server.addEventListener("input", () => server.setCustomValidity(""));
  dialog.querySelector("[data-share-cancel]").addEventListener("click", () => dialog.close());
  dialog.addEventListener("submit", (event) => {
    const host = hostOf(server.value);
    if (!host) {
      event.preventDefault();
      server.setCustomValidity("Type the name of a server, such as mastodon.social");
      server.reportValidity();
      return;
    }
    memory.server = host;
    const address = new URL(link.href);
    address.host = host;
    window.open(address, "_blank", "noopener");
  });
}

document.querySelectorAll("[data-share]").forEach(enhanceShare);
