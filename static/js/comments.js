// The readers' talk, made nicer: replies in place, likes without leaving the page, one's own comments that wait.
// Everything here works without this file.
const section = document.querySelector("[data-comments]");

function say(words) {
  const status = section.querySelector("[data-comments-status]");
  if (status) status.textContent = words;
}

// Said where it is seen: what was pressed may be far below.
function refuse(words) {
  say(words);
  section.querySelector("[data-comments-status]")?.scrollIntoView({ block: "nearest" });
}

// The one place where text becomes HTML: what our own server has sent (newsportal/security.py).
const asSent = { createHTML: (html) => html };
const fragments = window.trustedTypes?.createPolicy("fragments", asSent) ?? asSent;

// --- One's own comments that wait: asked for by those who have commented alone, so that reading asks for nothing ---
const waiting = section?.querySelector("[data-comments-waiting]");
let asked = false;
async function showWaiting() {
  if (asked || !waiting) return;
  asked = true;
  try {
    const answer = await fetch(waiting.dataset.commentsWaiting, { credentials: "same-origin" });
    if (answer.status === 200) waiting.innerHTML = fragments.createHTML(await answer.text());
  } catch { /* offline: the page is as good as it was */ }
}
let commented = null;
try { commented = localStorage.getItem("commented"); } catch { /* storage is blocked */ }
if (commented) showWaiting();

// --- Replies: the form moves below what is answered ---
const form = section?.querySelector("[data-comment-form]");
const home = form && document.createComment("the form's place");
const heading = form?.querySelector("#comment-form-heading");
const ownHeading = heading?.textContent;
if (form) {
  form.before(home);
  const back = document.createElement("button");
  back.type = "button";
  back.className = "comment-act comment-form-back";
  back.textContent = "Do not reply, write a new comment";
  back.hidden = true;
  heading.after(back);
  // What was typed survives a closed tab, each reply's by itself, and where it was; it never leaves this browser.
  const { body, parent } = form.elements;
  const last = `comment:${section.dataset.comments}`;
  const typed = new Map(); // where storage is blocked: for as long as the page
  const draft = (of) => {
    try { return typed.get(of) ?? sessionStorage.getItem(`${last}:${of}`) ?? ""; } catch { return ""; }
  };
  const keep = () => {
    typed.set(parent.value, body.value);
    try { sessionStorage.setItem(`${last}:${parent.value}`, body.value); } catch { /* storage is blocked */ }
  };

  // How much still fits; nothing is cut.
  const most = Number(body.dataset.count);
  const counter = document.createElement("span");
  counter.className = "comment-counter";
  body.after(counter);
  const count = () => {
    const left = most - [...body.value].length;
    counter.textContent = left < 500 ? (left < 0 ? `${-left} characters too long` : `${left} characters left`) : "";
  };

  const write = (of) => {
    parent.value = of;
    body.value = draft(of);
    count();
    try { sessionStorage.setItem(last, of); } catch { /* storage is blocked */ }
  };
  const answer = (link) => {
    const comment = link.closest(".comment");
    comment.append(form);
    heading.textContent = `Reply to ${comment.querySelector(".comment-name").textContent.trim()}`;
    back.hidden = false;
    write(link.dataset.reply);
  };
  back.addEventListener("click", () => {
    keep();
    home.after(form);
    heading.textContent = ownHeading;
    back.hidden = true;
    write("");
    body.focus();
  });
  section.addEventListener("click", (event) => {
    const link = event.target.closest("[data-reply]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    keep();
    answer(link);
    body.focus();
  });
  form.addEventListener("focusin", showWaiting, { once: true });

  // Come back to, the page is as it was left: a reply stands where it was begun. What was typed before this script came stays.
  let at = null;
  try { at = sessionStorage.getItem(last); } catch { /* storage is blocked */ }
  const replies = [...section.querySelectorAll("[data-reply]")].filter((link) => draft(link.dataset.reply));
  const begun = replies.find((link) => link.dataset.reply === at) ?? (draft("") ? null : replies[0]);
  if (begun && ["", draft(""), draft(begun.dataset.reply)].includes(body.value)) answer(begun);
  else body.value ||= draft("");
  count();
  body.addEventListener("input", () => { keep(); count(); });
}

// --- Likes ---
section?.addEventListener("submit", async (event) => {
  const like = event.target.closest("[data-like]");
  if (!like) return;
  event.preventDefault();
  // Pressed twice it would be taken back.
  if (like.dataset.sending) return;
  like.dataset.sending = "yes";
  try {
    const answer = await fetch(like.action, { method: "POST", headers: { Accept: "application/json" } });
    const said = await answer.json();
    if (!answer.ok) return refuse(said.message);
    like.querySelector("[data-likes]").textContent = said.likes || "";
    like.querySelector("button").setAttribute("aria-pressed", said.liked);
    say(said.liked ? "You like this comment." : "You do not like this comment any more.");
  } catch {
    like.submit();
  } finally {
    delete like.dataset.sending;
  }
});

// --- For moderators: what waits, and the queue's buttons beside each comment, in browsers that have been at the queue ---
async function moderate() {
  const beside = (number) => section.querySelector(`#comment-${number}:not(.comment-gone) .comment-foot`);
  const numbers = [...section.querySelectorAll(".comment[id^=comment-]")].map((comment) => comment.id.slice("comment-".length));
  const answer = await fetch(`/comments/moderate/?story=${section.dataset.comments}&comments=${numbers}`);
  if (answer.status !== 200) return;
  const fragment = document.createElement("template");
  fragment.innerHTML = fragments.createHTML(await answer.text());
  for (const buttons of fragment.content.querySelectorAll("[data-beside]")) beside(buttons.dataset.beside)?.after(buttons);
  const waits = fragment.content.querySelector("[data-desk-waiting]");
  if (waits) section.querySelector("[data-comments-status]").after(waits);
}
section?.addEventListener("submit", async (event) => {
  const form = event.target.closest("[data-moderate]");
  if (!form) return;
  event.preventDefault();
  const comment = form.closest(".comment");
  const desk = form.closest(".comment-desk");
  // Pressed twice it would be refused: it is decided already.
  if (desk.dataset.sending) return;
  desk.dataset.sending = "yes";
  const body = new URLSearchParams(new FormData(form, event.submitter));
  try {
    const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
    // Who may not moderate gets nothing, and who has a token of another login a page.
    if (answer.status === 204 || answer.status === 403) {
      return refuse("You are not logged in any more, or were logged in anew: load this page again.");
    }
    const { message, to, status, done } = await answer.json();
    if (!answer.ok) return refuse(message);
    say(message);
    // What is left leads to where it can be undone.
    desk.replaceChildren(desk.querySelector("a"));
    const badge = comment.querySelector(".comment-badge[data-status]");
    if (badge) {
      badge.dataset.status = status;
      badge.textContent = done;
    }
    if (to === "reject" || to === "spam") {
      comment.classList.add("comment-turned-away");
      comment.querySelector(".comment-foot")?.remove();
    }
    comment.tabIndex = -1;
    comment.focus({ preventScroll: true });
  } catch {
    refuse("That did not arrive. Please try again.");
  } finally {
    delete desk.dataset.sending;
  }
});
let moderator = null;
try { moderator = localStorage.getItem("moderator"); } catch { /* storage is blocked */ }
if (section && moderator) moderate().catch(() => { /* offline: the queue is still there */ });
