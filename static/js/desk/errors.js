// Django puts the keyboard of a new form on its first field, also where it comes back with an error far below.
addEventListener("load", () => document.querySelector("[data-errors] a")?.focus());
