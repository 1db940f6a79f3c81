// The newsroom's own parts of the rich-text editor: pull quote, figure from the picture library, embed card, and what
// holds for all of it under a strict policy. What they leave in a text is checked again by articles/body/sanitise.py.
import { Extension, Node, Plugin, mergeAttributes, updateAttrsDialog } from "django-prose-editor/editor";
import { choosePicture, make, makeDialog, picturesOf } from "newsportal/library";

const KNOWN = /^https?:\/\/(www\.|m\.|mobile\.|player\.)?(youtube\.com|youtu\.be|vimeo\.com|x\.com|twitter\.com|instagram\.com|facebook\.com|tiktok\.com)\/\S+$/i;

// --- Pull quote ---

export const PullQuote = Node.create({
  name: "pullQuote",
  group: "block",
  content: "paragraph+",
  defining: true,
  parseHTML: () => [{ tag: "aside.pullquote" }],
  renderHTML: ({ HTMLAttributes }) => ["aside", mergeAttributes(HTMLAttributes, { class: "pullquote" }), 0],
  addMenuItems({ buttons, menu }) {
    menu.defineItem({
      name: "pullQuote",
      groups: "newsroom",
      button: buttons.text("Pull quote", "Pull quote"),
      command: (editor) => editor.chain().focus().toggleWrap("pullQuote").run(),
      active: (editor) => editor.isActive("pullQuote"),
    });
  },
});

// --- Figure ---

async function insertPicture(editor, told = "") {
  const picture = await choosePicture(told);
  if (picture) editor.chain().focus().insertContent({ type: "libraryFigure", attrs: { image: String(picture.id) } }).run();
  return picture;
}

export const LibraryFigure = Node.create({
  name: "libraryFigure",
  group: "block",
  content: "inline*",
  marks: "",
  isolating: true,
  draggable: true,
  addAttributes: () => ({ image: { default: null, parseHTML: (element) => element.dataset.image, renderHTML: ({ image }) => ({ "data-image": image }) } }),
  parseHTML: () => [{ tag: "figure[data-image]", contentElement: "figcaption" }],
  renderHTML: ({ HTMLAttributes }) => ["figure", HTMLAttributes, ["figcaption", 0]],
  addNodeView: () => ({ node }) => {
    const image = make("img", { alt: "", className: "figure-picture", width: 160, height: 160 });
    const caption = make("figcaption");
    const dom = make("figure", { className: "figure-card" }, image, caption);
    dom.dataset.image = node.attrs.image;
    picturesOf({ id: node.attrs.image }).then(({ pictures: [picture] }) => {
      if (!picture) { dom.dataset.told = "Gone from the library"; return; }
      image.src = picture.url;
      image.alt = picture.alt;
      caption.dataset.placeholder = picture.caption || "Caption";
    }).catch(() => { dom.dataset.told = "Could not be loaded"; });
    // What is shown of a picture is no change of the text: the editor would draw the figure anew, and ask for it again, without end.
    const ignoreMutation = ({ type, target }) => type === "attributes" || (type !== "selection" && !caption.contains(target));
    return { dom, contentDOM: caption, ignoreMutation, update: (updated) => updated.type.name === "libraryFigure" && updated.attrs.image === node.attrs.image };
  },
  addMenuItems({ buttons, menu }) {
    menu.defineItem({
      name: "libraryFigure",
      groups: "newsroom",
      button: buttons.text("Picture", "Picture from the library"),
      command: (editor) => { insertPicture(editor); },
      active: (editor) => editor.isActive("libraryFigure"),
    });
  },
});

// --- Embed ---

function askAddress() {
  return new Promise((resolve) => {
    const address = make("input", { type: "url", required: true, placeholder: "https://www.youtube.com/watch?v=…" });
    address.setAttribute("aria-label", "Address of the film or post");
    const insert = make("button", { type: "submit", className: "button default", textContent: "Insert" });
    const cancel = make("button", { type: "button", className: "button", textContent: "Cancel" });
    // Not a <form>: the dialog stands outside the story's form, and its Enter must not send anything.
    const form = make("form", { method: "dialog" },
      make("p", { textContent: "YouTube, Vimeo, X, Instagram, Facebook or TikTok. Readers see a card first." }), address, insert, cancel);
    const dialog = makeDialog("picker picker-small", "Embed", form);
    let chosen = null;
    address.addEventListener("input", () => address.setCustomValidity(KNOWN.test(address.value.trim()) || !address.value ? "" : "This address is of none of these."));
    form.addEventListener("submit", () => { chosen = address.value.trim(); });
    cancel.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => { dialog.remove(); resolve(chosen); });
    document.body.append(dialog);
    dialog.showModal();
  });
}

export const EmbedCard = Node.create({
  name: "embedCard",
  group: "block",
  atom: true,
  draggable: true,
  addAttributes: () => ({ url: { default: null, parseHTML: (element) => element.dataset.embed, renderHTML: ({ url }) => ({ "data-embed": url }) } }),
  parseHTML: () => [{ tag: "figure[data-embed]" }],
  // With a child: the editor takes a single element without any for an empty text.
  renderHTML: ({ HTMLAttributes }) => ["figure", HTMLAttributes, ["figcaption"]],
  addNodeView: () => ({ node }) => {
    const dom = make("figure", { className: "embed-card" }, make("b", { textContent: "Embed" }), ` ${node.attrs.url}`);
    dom.dataset.embed = node.attrs.url;
    return { dom };
  },
  addMenuItems({ buttons, menu }) {
    menu.defineItem({
      name: "embedCard",
      groups: "newsroom",
      button: buttons.text("Embed", "Embed a film or post"),
      command: async (editor) => {
        const url = await askAddress();
        if (url) editor.chain().focus().insertContent({ type: "embedCard", attrs: { url } }).run();
      },
    });
  },
});

// --- Pasting, names, and the policy ---

// Under a strict policy style attributes are not applied, not even in a detached document: what they say is read as text and
// turned into tags. Bold, italics, links and lists are kept; all else goes.
export function cleanPasted(html) {
  const asText = html
    .replace(/<style[\s\S]*?<\/style>/gi, "")
    .replace(/<[^>]*>/g, (tag) => tag.replace(/\s(style|on[a-z]+)\s*=/gi, " data-pasted-$1="));
  // What is pasted is anybody's: the desk's policy (trusted-html.js) leaves of it what can run nothing.
  const page = new DOMParser().parseFromString(window.trustedTypes?.defaultPolicy?.createHTML(asText) ?? asText, "text/html");
  page.querySelectorAll("style, script, meta, link, title, img, table img, o\\:p").forEach((element) => element.remove());
  const styleOf = (element) => (element.dataset.pastedStyle || "").toLowerCase().replace(/\s+/g, "");

  // Google Docs wraps everything into <b style="font-weight:normal">.
  page.querySelectorAll("b, strong").forEach((element) => {
    if (/font-weight:(normal|[1-4]00)/.test(styleOf(element))) element.replaceWith(...element.childNodes);
  });
  page.querySelectorAll("i, em").forEach((element) => {
    if (/font-style:normal/.test(styleOf(element))) element.replaceWith(...element.childNodes);
  });
  page.querySelectorAll("span").forEach((element) => {
    const style = styleOf(element);
    if (/mso-list:ignore/.test(style)) { element.remove(); return; }
    let inner = [...element.childNodes];
    if (/font-weight:(bold|[6-9]00)/.test(style)) inner = [make("strong", {}, ...inner)];
    if (/font-style:italic/.test(style)) inner = [make("em", {}, ...inner)];
    element.replaceWith(...inner);
  });
  // Word writes lists as paragraphs.
  let list = null;
  page.querySelectorAll("p").forEach((paragraph) => {
    if (!/mso-list:/.test(styleOf(paragraph)) && !/MsoListParagraph/.test(paragraph.className)) { list = null; return; }
    const marker = paragraph.textContent.trimStart();
    const kind = /^(\d+|[a-z])[.)]/i.test(marker) ? "ol" : "ul";
    const first = paragraph.firstChild;
    if (first && first.nodeType === 3) first.textContent = first.textContent.replace(/^\s*([·•o§-]|(\d+|[a-z])[.)])\s+/i, "");
    const item = make("li", {}, make("p", {}, ...paragraph.childNodes));
    if (!list || list.tagName.toLowerCase() !== kind || list.nextElementSibling !== paragraph) {
      list = make(kind);
      paragraph.before(list);
    }
    list.append(item);
    paragraph.remove();
  });
  page.querySelectorAll("p p, li > p:empty").forEach((element) => element.replaceWith(...element.childNodes));
  const kept = new Set(["P", "STRONG", "B", "EM", "I", "A", "UL", "OL", "LI", "BR", "FIGURE", "FIGCAPTION", "ASIDE", "BLOCKQUOTE", "H2", "H3"]);
  const ours = page.querySelector("[data-pm-slice]");
  if (!ours) {
    kept.delete("FIGURE"); kept.delete("FIGCAPTION"); kept.delete("ASIDE"); kept.delete("BLOCKQUOTE"); kept.delete("H2"); kept.delete("H3");
    [...page.body.querySelectorAll("*")].reverse().forEach((element) => {
      if (/^(H[1-6]|DIV|BLOCKQUOTE|TD|TH|PRE)$/.test(element.tagName)) {
        const inner = element.querySelector("p, ul, ol") ? [...element.childNodes] : [make("p", {}, ...element.childNodes)];
        element.replaceWith(...inner);
        return;
      }
      if (!kept.has(element.tagName)) { element.replaceWith(...element.childNodes); return; }
      for (const { name } of [...element.attributes]) if (!(element.tagName === "A" && name === "href")) element.removeAttribute(name);
    });
  }
  return page.body.innerHTML;
}

// The editor's own dialog, but for its last answer: a table without a header row is the odd one.
const size = (title) => ({ type: "number", format: "number", title, default: "3", min: "1", max: "100" });
const askTable = updateAttrsDialog(
  { rows: size("Rows"), cols: size("Columns"), withHeaderRow: { title: "Include header row", enum: ["Yes", "No"], default: "Yes" } },
  { title: "Insert table", submitText: "Insert table" },
);

// What is copied in a program for texts brings a drawing of itself along, and is text all the same.
const isPicture = ({ type }) => type.startsWith("image/");
function bringsPictures(data) {
  const html = data.getData("text/html"), words = data.getData("text/plain") + html.replace(/<[^>]*>/g, "");
  return !words.trim() && ([...data.files].some(isPicture) || /<img\b/i.test(html));
}

export const Desk = Extension.create({
  name: "desk",
  addStorage: () => ({ told: null }),
  onBeforeCreate() {
    // The editor would inject a <style>, which the policy blocks; css/desk/editor.css has the same rules.
    this.editor.options.injectCSS = false;
    // Named as it is made: `create` is told a moment after the text can be focused, and read out.
    const label = this.editor.options.element?.closest(".form-row")?.querySelector("label");
    this.editor.options.editorProps = {
      ...this.editor.options.editorProps,
      attributes: {
        ...this.editor.options.editorProps?.attributes,
        "aria-label": label ? label.textContent.replace(":", "").trim() : "Text",
        "aria-multiline": "true",
      },
    };
  },
  onCreate() {
    const toolbar = this.editor.view.dom.closest(".prose-editor")?.querySelector(".prose-menubar");
    toolbar?.setAttribute("role", "toolbar");
    toolbar?.setAttribute("aria-label", "Formatting");
    this.storage.told = make("p", { className: "editor-told", role: "status" });
    this.editor.view.dom.before(this.storage.told);
  },
  addCommands: () => ({
    insertTableWithOptions: () => ({ editor }) => {
      askTable(editor, { rows: "3", cols: "3", withHeaderRow: "Yes" }).then((told) => {
        if (!told) return;
        const [rows, cols] = [told.rows, told.cols].map((number) => Number.parseInt(number, 10) || 3);
        editor.chain().focus().insertTable({ rows, cols, withHeaderRow: told.withHeaderRow === "Yes" }).run();
      });
    },
  }),
  addProseMirrorPlugins() {
    const toLibrary = async () => {
      const { told } = this.storage;
      told.textContent = "Pictures come from the library: press “Picture”.";
      if (await insertPicture(this.editor, "Pictures come from the library: choose one here.")) told.textContent = "";
    };
    const handlePaste = (view, { clipboardData }) => {
      if (!clipboardData || !bringsPictures(clipboardData)) return false;
      toLibrary();
      return true;
    };
    const handleDrop = (view, { clientX, clientY, dataTransfer }) => {
      // What is only moved within the text may be one as well.
      if (view.dragging || ![...dataTransfer.files].some(isPicture)) return false;
      const place = view.posAtCoords({ left: clientX, top: clientY });
      if (place) this.editor.commands.setTextSelection(place.pos);
      toLibrary();
      return true;
    };
    return [new Plugin({ props: { transformPastedHTML: cleanPasted, handlePaste, handleDrop } })];
  },
});
