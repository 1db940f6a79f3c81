// Prefills the slug from the headline until somebody types a slug of their own. The server makes the final one by the same
// rule (articles/models/slug.py): marks are taken off Latin letters, other scripts keep theirs.
"use strict";

const LOOSE_MARKS = /(^|[^\p{L}\p{M}]|[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}])\p{M}+/gu;
const LETTERS = { ß: "ss", æ: "ae", œ: "oe", ø: "o", đ: "d", ð: "d", þ: "th", ł: "l", ħ: "h", ı: "i", ŋ: "ng", ŧ: "t", ə: "e" };

function plain(character) {
  if (LETTERS[character]) return LETTERS[character];
  const base = character.normalize("NFKD");
  return base.length > 1 && /[a-z]/.test(base[0]) ? base.replace(/[^\0-\x7f]/g, "") : character;
}

function slugOf(text) {
  const letters = Array.from(text.normalize("NFC").toLowerCase(), plain).join("");
  const slug = letters.replace(LOOSE_MARKS, "$1").replace(/[^\p{L}\p{M}\p{N}_\s-]/gu, "").trim().replace(/[-\s]+/g, "-");
  if (slug.length <= 90) return slug;
  const cut = slug.slice(0, 91).lastIndexOf("-");
  return slug.slice(0, cut > 0 ? cut : 90);
}

document.addEventListener("DOMContentLoaded", () => {
  const headline = document.getElementById("id_headline");
  const slug = document.getElementById("id_slug");
  if (!headline || !slug || slug.value) return;
  let typed = false;
  slug.addEventListener("input", () => { typed = slug.value !== ""; });
  headline.addEventListener("input", () => { if (!typed) slug.value = slugOf(headline.value); });
});
