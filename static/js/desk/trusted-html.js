// The desk's pages let no script turn text into HTML but by a policy (newsportal/security.py). jQuery, Select2, Django's inlines
// and the editor know of none, so what they write goes through the default one. It lets elements and attributes of a list
// through, none of which can run anything, and gives back what was read, not the text: whatever place it is put into,
// there are no other tags in it. All else is refused, which breaks off the script that writes it and is reported.
"use strict";

(() => {
  if (!window.trustedTypes) return;

  const words = (text) => new Set(text.trim().split(/\s+/));
  // None whose content a parser takes for anything but text and tags, textarea apart, where it is written out escaped.
  const ELEMENTS = words(`
    a aside b blockquote br button code div em fieldset figcaption figure form h1 h2 h3 h4 h5 h6 hr i input kbd label legend
    li ol optgroup option p pre s select small span strong sub sup table tbody td textarea tfoot th thead tr u ul`);
  // The icons of the editor's buttons.
  const SHAPES = words("svg g path line rect circle ellipse polyline polygon");
  const ATTRIBUTES = words(`
    autocapitalize autocomplete autocorrect checked class colspan dir disabled for hidden href id lang multiple name
    placeholder readonly role rowspan selected spellcheck start tabindex title type value
    cx cy d fill fill-opacity height points r rx ry stroke stroke-linecap stroke-linejoin stroke-width transform viewBox
    width x x1 x2 xmlns y y1 y2`);
  const NAMED = /^(aria|data)-[a-z0-9_-]+$/;
  const PROTOCOLS = new Set(["http:", "https:", "mailto:"]);
  const LISTED = { "http://www.w3.org/1999/xhtml": ELEMENTS, "http://www.w3.org/2000/svg": SHAPES };
  // Where they were pasted, their content is nothing to read either.
  const WITH_CONTENT = words("head iframe noembed noframes noscript object o:p script style template title xmp");
  const isListed = (element) => Boolean(LISTED[element.namespaceURI]?.has(element.localName));

  function isFit({ name, value }) {
    if (name !== "href") return ATTRIBUTES.has(name) || NAMED.test(name);
    try { return PROTOCOLS.has(new URL(value, location.href).protocol); } catch { return false; }
  }

  // Takes out what is not on the lists; true when there was nothing of it. Comments say nothing, and are not held against it.
  function reduce(root) {
    let isWhole = true;
    const nodes = document.createNodeIterator(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_COMMENT);
    for (let node = nodes.nextNode(); node; node = nodes.nextNode()) {
      if (node === root) continue;
      if (node.nodeType === Node.COMMENT_NODE) { node.remove(); continue; }
      if (!isListed(node)) {
        isWhole = false;
        if (!(node instanceof HTMLElement) || WITH_CONTENT.has(node.localName)) node.remove();
        else node.replaceWith(...node.childNodes);
        continue;
      }
      for (const attribute of [...node.attributes]) {
        if (isFit(attribute)) continue;
        isWhole = false;
        node.removeAttributeNode(attribute);
      }
    }
    return isWhole;
  }

  // Known here alone. Nothing runs, and nothing is fetched, in a document that is shown nowhere.
  const unread = trustedTypes.createPolicy("desk-unread", { createHTML: (text) => text });

  trustedTypes.createPolicy("default", {
    // A script that asks by itself, as the editor does for what is pasted, gets what is left of it.
    createHTML(text, type, sink) {
      const body = document.implementation.createHTMLDocument("").body;
      body.innerHTML = unread.createHTML(text);
      return reduce(body) || !sink ? body.innerHTML : null;
    },
  });
})();
