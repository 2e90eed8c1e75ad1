// Passkeys: the browser is asked, and its answer is sent with the page's form.

const api = globalThis.PublicKeyCredential;
const STALE = 240_000; // milliseconds; a challenge lives a little longer

function prepare(form) {
  const { passkey, refresh, autofill } = form.dataset;
  const create = passkey === "create";
  const notice = form.querySelector("[data-failed]");
  let options = JSON.parse(form.dataset.options);
  let readAt = performance.now();
  let pending = new AbortController();

  async function request(mediation) {
    pending.abort();
    pending = new AbortController();
    const { signal } = pending;
    if (performance.now() - readAt > STALE) {
      options = await (await fetch(refresh)).json();
      readAt = performance.now();
    }
    const credential = create
      ? await navigator.credentials.create({ publicKey: api.parseCreationOptionsFromJSON(options), signal })
      : await navigator.credentials.get({ publicKey: api.parseRequestOptionsFromJSON(options), signal, mediation });
    // What was ticked in the form for passwords counts here, too.
    const kept = document.querySelector("#remember");
    if (kept && kept.checked && kept.form !== form) {
      form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "remember", value: "on" }));
    }
    form.elements.credential.value = JSON.stringify(credential);
    form.submit();
  }

  async function ask() {
    notice.hidden = true;
    try {
      await request();
    } catch (error) {
      notice.role = "alert"; // of the pages' problems there is one at a time
      notice.textContent = notice.dataset[error.name === "InvalidStateError" ? "present" : "failed"];
      notice.hidden = false;
      suggest();
    }
  }

  // Passkeys among the browser's suggestions for the user name.
  async function suggest() {
    if (autofill === undefined || !await api.isConditionalMediationAvailable?.()) return;
    const renewal = setTimeout(suggest, STALE + 1000);
    // Aborted: the person does something else, or the challenge was renewed.
    await request("conditional").catch(() => clearTimeout(renewal));
  }

  form.hidden = false;
  form.addEventListener("submit", (event) => { event.preventDefault(); ask(); });
  form.querySelector("button[type=button]")?.addEventListener("click", ask);
  suggest();
}

if (api?.parseCreationOptionsFromJSON) {
  document.querySelectorAll("form[data-passkey]").forEach(prepare);
  // Offered where the device itself can hold a passkey.
  const offer = document.querySelector("[data-passkey-offer]");
  if (offer && await api.isUserVerifyingPlatformAuthenticatorAvailable()) offer.hidden = false;
}
