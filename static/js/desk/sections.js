// Sections are dragged into another order. The buttons beside them do the same without dragging.
document.addEventListener("DOMContentLoaded", () => {
  const form = document.querySelector("#changelist-form"), order = form?.querySelector("[data-order]");
  if (!order) return;
  const rowOf = (place) => place.closest("tr");
  const rows = [...form.querySelectorAll("[data-place]")].map(rowOf), body = rows[0]?.parentElement;
  let dragged = null;

  for (const row of rows) {
    const handle = row.querySelector(".section-handle");
    handle.draggable = true;
    handle.addEventListener("dragstart", (event) => {
      dragged = row;
      row.classList.add("section-dragged");
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", row.innerText);
      event.dataTransfer.setDragImage(row, 0, 0);
    });
    handle.addEventListener("dragend", () => {
      row.classList.remove("section-dragged");
      // Let go of elsewhere: the rows stand again as they do in the paper.
      if (dragged) body.append(...rows);
      dragged = null;
    });
  }

  body?.addEventListener("dragover", (event) => {
    if (!dragged) return;
    event.preventDefault();
    const others = [...body.children].filter((row) => row !== dragged);
    const next = others.find((row) => { const box = row.getBoundingClientRect(); return event.clientY < box.top + box.height / 2; });
    if (dragged.nextElementSibling !== (next ?? null)) body.insertBefore(dragged, next ?? null);
  });

  body?.addEventListener("drop", (event) => {
    if (!dragged) return;
    event.preventDefault();
    const index = [...body.children].indexOf(dragged);
    if (index !== rows.indexOf(dragged)) {
      const [move, to] = ["move", "index"].map((name) => order.querySelector(`[name=${name}]`));
      move.value = dragged.querySelector("[data-place]").dataset.place;
      to.value = index;
      move.disabled = to.disabled = false;
      // A control of this form is named "action", and hides the property.
      form.setAttribute("action", order.dataset.order);
      form.submit();
    }
    dragged = null;
  });
});
