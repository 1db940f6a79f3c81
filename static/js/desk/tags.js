// Lets the tag field take names that are not in the list yet. Without JavaScript tags are made on their own screen.
"use strict";

// After the admin's own autocomplete.js, which has put itself into jQuery's queue by then.
document.addEventListener("DOMContentLoaded", () => window.django?.jQuery?.(() => {
  const jQuery = window.django.jQuery;
  document.querySelectorAll("select[data-new-tags]").forEach((select) => {
    const prefix = select.dataset.newTags;
    const options = {
      ajax: jQuery(select).data("select2").options.options.ajax,
      tags: true,
      createTag: ({ term }) => {
        const name = term.trim().replace(/\s+/g, " ");
        return name ? { id: prefix + name, text: name, isNew: true } : null;
      },
      insertTag: (found, tag) => {
        // What exists already is offered as it is, not made a second time with other capitals.
        const same = ({ text }) => text.toLocaleLowerCase() === tag.text.toLocaleLowerCase();
        if (!found.some(same)) found.push(tag);
      },
      templateResult: (item) => (item.isNew ? `New tag: ${item.text}` : item.text),
    };
    jQuery(select).select2(options);
  });
}));
