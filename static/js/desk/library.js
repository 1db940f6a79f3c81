// The picture library in a dialog, for the text and for the lead picture: search it, choose one, or add one to it.

// Where the desk is, is a setting.
const PICTURES = `${document.querySelector("meta[name=desk]").content}pictures/`;

export const make = (tag, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};

export const makeDialog = (className, heading, ...children) => {
  const dialog = make("dialog", { className }, make("h2", { id: "picker-heading", textContent: heading }), ...children);
  dialog.setAttribute("aria-labelledby", "picker-heading");
  return dialog;
};

export async function picturesOf(query) {
  const response = await fetch(`${PICTURES}?${new URLSearchParams(query)}`, { credentials: "same-origin" });
  if (!response.ok) throw new Error(`The picture library answered ${response.status}.`);
  return response.json();
}

function counted(number, further) {
  if (!number) return "No picture fits.";
  return `${number} picture${number === 1 ? "" : "s"}${further ? ", and there are more" : ""}.`;
}

// Django's own way from the form of something new to the field that it was asked for from (RelatedObjectLookups.js): the link opens
// the form in a window of its own, which closes and writes the number into the field that the link is named after.
function adder(onAdded) {
  const field = make("input", { type: "hidden", id: "picker-added" });
  const link = make("a", { id: `add_${field.id}`, className: "button related-widget-wrapper-link", textContent: "Add a picture…", hidden: true });
  link.dataset.popup = "yes";
  window.django.jQuery(field).on("change", () => onAdded(field.value));
  return { field, link };
}

// The picture that was chosen, or null. `told`: why the dialog opens, where nobody has asked for it.
export function choosePicture(told = "") {
  return new Promise((resolve) => {
    const search = make("input", { type: "search", placeholder: "Search the picture library" });
    const list = make("div", { className: "picker-list" });
    const status = make("p", { className: "picker-status", role: "status" });
    const more = make("button", { type: "button", className: "button", textContent: "More", hidden: true });
    const close = make("button", { type: "button", className: "button", textContent: "Cancel" });
    search.setAttribute("aria-label", search.placeholder);
    let next = null;
    let asked = 0;

    const take = (picture) => { resolve(picture); dialog.close(); };
    const unreached = () => { status.textContent = "The picture library cannot be reached, or you are not logged in any more."; };
    const add = adder((id) => picturesOf({ id }).then(({ pictures: [picture] }) => take(picture)).catch(unreached));
    const why = told ? [make("p", { textContent: told })] : [];
    const dialog = makeDialog("picker", "Choose a picture", ...why, make("div", { className: "picker-top" }, search, add.link, add.field), status, list, more, close);

    const show = async (further = false) => {
      const turn = ++asked;
      try {
        const page = await picturesOf({ q: search.value, ...(further && next ? { before: next } : {}) });
        if (turn !== asked) return;
        if (!further) list.replaceChildren();
        for (const picture of page.pictures) {
          const button = make("button", { type: "button", className: "picker-picture", title: picture.alt },
            make("img", { src: picture.url, alt: "", width: 160, height: 160 }), make("span", { textContent: picture.title }));
          button.addEventListener("click", () => take(picture));
          list.append(button);
        }
        next = page.next;
        more.hidden = !next;
        status.textContent = counted(list.children.length, next);
        add.link.hidden = !page.add;
        if (page.add) add.link.href = page.add;
      } catch {
        unreached();
      }
    };
    let wait;
    search.addEventListener("input", () => { clearTimeout(wait); wait = setTimeout(show, 250); });
    search.addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); show(); } });
    more.addEventListener("click", () => show(true));
    close.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => { dialog.remove(); resolve(null); });
    document.body.append(dialog);
    dialog.showModal();
    show();
  });
}
