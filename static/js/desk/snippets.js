// How search results and shared links will show what is being typed. The limits come with the page (articles/snippets.py).
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const place = document.querySelector("[data-snippets]");
  const headline = document.getElementById("id_headline");
  if (!place || !headline) return;
  const QUIET = 900;
  const field = (name) => document.getElementById(`id_${name}`);
  const value = (name) => (field(name)?.value ?? "").replace(/\s+/g, " ").trim();
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = place.dataset.font;

  const cut = (text, fits) => {
    if (fits(text)) return text;
    let end = text.length;
    while (end > 0 && !fits(`${text.slice(0, end).trimEnd()}…`)) end -= 1;
    const space = text.lastIndexOf(" ", end);
    return `${text.slice(0, space > 0 ? space : end).trimEnd()}…`;
  };

  function show(name, text) {
    for (const element of place.querySelectorAll(`[data-shows="${name}"]`)) {
      if (element.textContent !== text) element.textContent = text;
    }
  }

  function tell(name, text) {
    const element = place.querySelector(`[data-told="${name}"]`);
    const { most, cutBy } = element.dataset;
    const count = [...text].length, over = count > Number(most);
    element.textContent = `${count} character${count === 1 ? "" : "s"}${over ? `: ${cutBy} cut it after about ${most}` : ""}`;
    element.toggleAttribute("data-over", over);
    element.closest("[data-once-typed]")?.toggleAttribute("hidden", !count);
    return Number(most);
  }

  let timer = null;
  function drawCard() {
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (!place.open) return;
      const typed = new URLSearchParams({ headline: value("headline"), kind: value("kind"), section: value("section"), lead_image: value("lead_image") });
      const url = `${place.dataset.card}?${typed}`;
      for (const image of place.querySelectorAll('[data-shows="card"]')) {
        if (image.getAttribute("src") !== url) image.src = url;
      }
    }, QUIET);
  }

  function update() {
    const title = value("search_title") || value("headline");
    const description = value("search_description") || value("standfirst") || place.dataset.text;
    tell("title", title);
    show("title", cut(title, (text) => pen.measureText(text).width <= Number(place.dataset.pixels)));
    const most = tell("description", description);
    show("description", cut(description, (text) => text.length <= most));
    const mostOfHeadline = tell("headline", value("headline"));
    show("headline", cut(value("headline"), (text) => text.length <= mostOfHeadline));
    const section = field("section")?.selectedOptions?.[0];
    show("section", section?.value ? ` › ${section.textContent.trim()}` : "");
    drawCard();
  }

  headline.form.addEventListener("input", update);
  place.addEventListener("toggle", drawCard);
  // The pickers of section and picture tell jQuery alone of a change.
  window.django?.jQuery?.(headline.form).on("change", "select", update);
  update();
});
