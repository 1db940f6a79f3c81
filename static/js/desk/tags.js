// Lets the tag field take names that are not in the list yet. Without JavaScript tags are made on their own screen.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const jQuery = window.django && window.django.jQuery;
  if (!jQuery) return;
  document.querySelectorAll("select[data-new-tags]").forEach((select) => {
    const prefix = select.dataset.newTags;
    const options = {
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
    const again = () => jQuery(select).djangoAdminSelect2(options);
    again();
  });
});
