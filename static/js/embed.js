// Adds to each embed card the button that loads the frame. Until it is pressed nobody elsewhere hears of the reader.
"use strict";

document.querySelectorAll("[data-embed-frame]").forEach((card) => {
  const { embedFrame, embedProvider } = card.dataset;
  const ask = document.createElement("p");
  const button = document.createElement("button");
  ask.className = "embed-ask";
  button.type = "button";
  button.className = "button";
  button.textContent = "Show it here";
  ask.append(button, `Loads from ${embedProvider}, which then knows that you are here.`);
  button.addEventListener("click", () => {
    const frame = document.createElement("iframe");
    frame.src = embedFrame;
    frame.title = `From ${embedProvider}`;
    frame.allow = "fullscreen; encrypted-media; autoplay";
    frame.referrerPolicy = "strict-origin";
    frame.setAttribute("sandbox", "allow-scripts allow-same-origin allow-popups allow-popups-to-escape-sandbox allow-presentation");
    // The link stays: a frame may be refused, here or there, and says so to nobody.
    ask.replaceWith(frame);
    frame.focus();
  });
  card.append(ask);
});
