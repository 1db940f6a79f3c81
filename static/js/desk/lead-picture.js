// The lead picture of a story is seen, and chosen by sight. The field stays what it was, out of sight: the form, private copies and
// previews read it, and Django's windows for a picture write into it.
import { choosePicture, make, picturesOf } from "newsportal/library";

function enhance(select) {
  const button = (textContent) => make("button", { type: "button", className: "button", textContent });
  const image = make("img", { alt: "", width: 160, height: 160, hidden: true });
  const title = make("span", { className: "lead-picture-title", role: "status", dir: "auto" });
  const choose = button("Choose a picture…"), off = button("Take it off");
  const shown = make("div", { className: "lead-picture", role: "group" }, image, make("div", {}, title, choose, off));
  shown.setAttribute("aria-label", "Lead picture");

  async function draw() {
    const number = select.value;
    title.textContent = number ? select.selectedOptions[0].textContent.trim() : "No picture.";
    off.hidden = !number;
    image.hidden = true;
    if (!number) return;
    try {
      const { pictures: [picture] } = await picturesOf({ id: number });
      if (select.value !== number) return;
      if (!picture) { title.textContent += " (gone from the library)"; return; }
      Object.assign(image, { src: picture.url, alt: picture.alt, hidden: false });
    } catch { /* its title is there */ }
  }

  function put(number, name = "") {
    if (number && ![...select.options].some(({ value }) => value === number)) select.add(new Option(name, number));
    select.value = number;
    select.dispatchEvent(new Event("change", { bubbles: true }));
  }

  choose.addEventListener("click", async () => {
    const picture = await choosePicture();
    if (picture) put(String(picture.id), picture.title);
  });
  off.addEventListener("click", () => { put(""); choose.focus(); });
  // Whoever is led to the field, by its label or by what is wrong, is led to what stands for it.
  select.addEventListener("focus", () => choose.focus());
  select.tabIndex = -1;
  select.setAttribute("aria-hidden", "true");
  select.classList.add("lead-picture-field");
  select.before(shown);
  // Django's windows tell jQuery alone of a change.
  window.django.jQuery(select).on("change", draw);
  addEventListener("pageshow", draw);
  draw();
}

document.querySelectorAll("select[data-lead-picture]").forEach(enhance);
