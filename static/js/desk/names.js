/* Names for the controls that Django's admin leaves without one, for whoever hears the page instead of seeing it: the boxes of
   look-ups (select2), the cells of rows, the halves of a date and time, and the search box of a list. */
(function () {
  "use strict";

  function words(element) {
    return element ? element.textContent.replace(/[:*\s]+$/, "").trim() : "";
  }

  function nameOf(control) {
    const label = control.id && document.querySelector('label[for="' + CSS.escape(control.id) + '"]');
    if (label && words(label)) return words(label);
    if (control.getAttribute("aria-label")) return control.getAttribute("aria-label");
    const cell = control.closest("td");
    if (!cell) return "";
    if (cell.classList.contains("delete")) return "Delete";
    const column = Array.from(cell.classList).find((name) => name.startsWith("field-"));
    const heading = column && cell.closest("table").querySelector("th.column-" + column.slice(6));
    return words(heading);
  }

  function give(control, name) {
    if (name && !control.getAttribute("aria-label")) control.setAttribute("aria-label", name);
  }

  function nameAll() {
    const legend = (input) => {
      const row = input.closest("fieldset.flex-container, .form-row, td");
      return words(row && row.querySelector("legend, label"));
    };
    document.querySelectorAll("input.vDateField, input.vTimeField").forEach((input) => {
      if (input.labels.length) return;
      const part = input.classList.contains("vDateField") ? "date" : "time";
      give(input, [legend(input), part].filter(Boolean).join(", "));
    });
    document.querySelectorAll("td select, td input:not([type=hidden]), td textarea").forEach((control) => {
      if (!control.labels || !control.labels.length) give(control, nameOf(control));
    });
    document.querySelectorAll("select.select2-hidden-accessible").forEach((select) => {
      const box = select.nextElementSibling;
      const name = nameOf(select);
      if (!box || !box.classList.contains("select2-container") || !name) return;
      const chosen = Array.from(select.selectedOptions, (option) => option.textContent.trim()).filter(Boolean).join(", ");
      box.querySelectorAll(".select2-selection").forEach((combobox) => {
        combobox.removeAttribute("aria-labelledby");
        combobox.setAttribute("aria-label", chosen ? name + ": " + chosen : name);
      });
      // Beside what is chosen its list holds the cross that empties it, which is no item: it is no list, then.
      box.querySelectorAll("ul.select2-selection__rendered").forEach((list) => list.setAttribute("role", "presentation"));
      box.querySelectorAll("[role=textbox], .select2-search__field").forEach((inner) => inner.setAttribute("aria-label", name));
    });
    document.querySelectorAll("#searchbar").forEach((input) => give(input, "Search"));
    document.querySelectorAll(".help-tooltip[aria-label]").forEach((tip) => tip.setAttribute("role", "img"));
  }

  document.addEventListener("DOMContentLoaded", () => {
    nameAll();
    // Look-ups are made by a script that may come later, and again with every new row and choice.
    const later = () => window.setTimeout(nameAll, 0);
    window.addEventListener("load", later);
    document.addEventListener("formset:added", later);
    if (window.django && window.django.jQuery) {
      window.django.jQuery(document).on("select2:open select2:select select2:unselect", (event) => {
        later();
        const field = document.querySelector(".select2-container--open .select2-dropdown .select2-search__field");
        if (field) field.setAttribute("aria-label", nameOf(event.target));
      });
    }
  });
})();
