// Passkeys: a button lets the browser ask for one, and what it answers goes with the form. Without them the form stays hidden.
document.addEventListener("DOMContentLoaded", () => {
  // A browser keeps passkeys for names, and not for addresses such as 127.0.0.1.
  const isNamed = !/^[\d.]+$|:/.test(location.hostname.replace(/^\[|\]$/g, ""));
  const can = Boolean(window.PublicKeyCredential && window.isSecureContext && isNamed);

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const button = form.querySelector("button[type=button]"), said = form.querySelector("[data-passkey-said]");
    const say = (words) => { said.textContent = words; said.hidden = !words; };
    // Enter in a field would send the form without what the browser has to answer first.
    form.addEventListener("submit", (event) => {
      if (form.elements.credential.value) return;
      event.preventDefault();
      button.click();
    });
    if (!can) {
      if (form.dataset.passkey === "create") {
        say(isNamed ? "This browser has no passkeys here: they need https." : "Passkeys need a name, such as localhost, where this page has an address of numbers.");
      }
      continue;
    }
    form.hidden = button.disabled = false;
    button.addEventListener("click", async () => {
      say("");
      try {
        form.elements.credential.value = JSON.stringify(await ask(form));
      } catch (error) {
        say(told(error));
        return;
      }
      form.requestSubmit();
    });
  }

  async function ask(form) {
    if (form.dataset.passkey === "login") {
      const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
      return window.webauthnJSON.get((await answer.json()).request_options);
    }
    const options = JSON.parse(form.dataset.options);
    if (form.dataset.passkey === "get") return window.webauthnJSON.get(options);
    const alone = form.elements.passwordless.checked, choice = options.publicKey.authenticatorSelection;
    choice.residentKey = alone ? "required" : "discouraged";
    choice.requireResidentKey = alone;
    if (alone) choice.userVerification = "required";
    return window.webauthnJSON.create(options);
  }

  function told(error) {
    if (error.name === "InvalidStateError") return "This device has a passkey for the desk already.";
    if (error.name === "NotAllowedError") return "Nothing was used: it was cancelled, took too long, or there is no passkey for this desk on the device.";
    return "That did not work. Try again, or in another way.";
  }
});
