// Stories are dragged to a slot of the front page, or within it. The buttons beside them do the same without dragging.
document.addEventListener("DOMContentLoaded", () => {
  const desk = document.querySelector("[data-front-desk]"), form = desk?.querySelector("[data-drop]");
  if (!form) return;
  let dragged = null;

  const marker = document.createElement("li");
  marker.className = "front-marker";

  for (const row of desk.querySelectorAll("[data-move], [data-put]")) {
    row.draggable = true;
    row.addEventListener("dragstart", (event) => {
      dragged = row;
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", row.innerText);
    });
    row.addEventListener("dragend", () => { dragged = null; marker.remove(); });
  }

  for (const slot of desk.querySelectorAll("[data-slot]")) {
    const rows = () => [...slot.querySelectorAll("[data-move]")].filter((row) => row !== dragged);
    const after = (y) => rows().find((row) => { const box = row.getBoundingClientRect(); return y < box.top + box.height / 2; });
    slot.addEventListener("dragover", (event) => {
      if (!dragged) return;
      event.preventDefault();
      slot.insertBefore(marker, after(event.clientY) ?? null);
    });
    slot.addEventListener("drop", (event) => {
      if (!dragged) return;
      event.preventDefault();
      const next = after(event.clientY), all = rows();
      form.elements.slot.value = slot.dataset.slot;
      form.elements.index.value = next ? all.indexOf(next) : all.length;
      const what = form.querySelector("[data-what]");
      what.name = dragged.dataset.move ? "move" : "put";
      what.value = dragged.dataset.move ?? dragged.dataset.put;
      form.submit();
    });
  }
});
