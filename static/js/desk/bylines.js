// The order of bylines, and of other rows that are parts of something: buttons beside what is dragged. Without this it is a number.
document.addEventListener("DOMContentLoaded", () => {
  for (const part of document.querySelectorAll("fieldset.sortable")) {
    const rows = () => [...part.querySelectorAll("tr.has_original")];
    const nameOf = (row) => row.querySelector("td.original p").firstChild.textContent.trim();
    const status = document.createElement("p");
    status.className = "quiet part-status";
    status.setAttribute("role", "status");
    part.querySelector("table")?.after(status);

    const move = (row, step) => {
      const all = rows(), at = all.indexOf(row), other = all[at + step];
      if (other) {
        // The other one is taken out and put back: the keyboard stays where it is.
        if (step < 0) row.after(other);
        else row.before(other);
        for (const [index, each] of rows().entries()) each.querySelector("input._reorder_").value = index + 1;
        row.querySelector("input._reorder_").dispatchEvent(new Event("change", { bubbles: true }));
      }
      status.textContent = `“${nameOf(row)}” is number ${rows().indexOf(row) + 1} of ${all.length}.`;
    };

    for (const row of rows()) {
      const name = nameOf(row), place = document.createElement("span");
      place.className = "section-place";
      for (const [sign, way, step] of [["↑", "up", -1], ["↓", "down", 1]]) {
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = sign;
        button.setAttribute("aria-label", `Move “${name}” ${way}`);
        button.addEventListener("click", () => move(row, step));
        place.append(button);
      }
      row.querySelector("td.original p").append(place);
    }
  }
});
