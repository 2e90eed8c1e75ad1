// The playground's conveniences. Without this script the server sends the requests.

// Copy a command as it is, with what is hidden on the page.
for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const copy = button.parentElement.querySelector("code").cloneNode(true);
    for (const mask of copy.querySelectorAll(".mask")) mask.remove();
    await navigator.clipboard.writeText(copy.textContent);
    button.textContent = button.dataset.copy;
  });
}

// Show what is hidden in a field.
for (const button of document.querySelectorAll("[data-veil]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const open = button.parentElement.classList.toggle("open");
    button.ariaPressed = String(open);
  });
}

const form = document.querySelector("form[data-path]");

function add(name, value) {
  const input = document.createElement("input");
  input.type = "hidden";
  input.name = name;
  input.value = value;
  form.append(input);
}

const encode = (text) => encodeURIComponent(text).replaceAll("%20", "+");

// The request as the inputs have it, to the endpoint that the page names, of this server.
function compose() {
  const fields = new FormData(form);
  const parameters = new URLSearchParams();
  for (const [name, value] of fields) {
    if (name.startsWith("p.") && value) parameters.append(name.slice(2), value);
  }
  const extra = fields.get("extra.name");
  if (extra) parameters.append(extra, fields.get("extra.value"));
  const headers = { accept: "application/json" };
  const [id, secret] = [fields.get("basic.id") ?? "", fields.get("basic.secret") ?? ""];
  if (id || secret) headers.authorization = `Basic ${btoa(`${encode(id)}:${encode(secret)}`)}`;
  else if (fields.get("bearer")) headers.authorization = `Bearer ${fields.get("bearer")}`;
  const { path, method } = form.dataset;
  const get = method === "GET";
  const options = { method, headers, credentials: "omit", cache: "no-store", redirect: "error" };
  if (!get) options.body = parameters;
  return [get && parameters.size ? `${path}?${parameters}` : path, options];
}

async function send() {
  const began = performance.now();
  const answer = await fetch(...compose());
  const body = await answer.text();
  add("answer.took", String(Math.round(performance.now() - began)));
  add("answer.status", String(answer.status));
  add("answer.headers", [...answer.headers].map((one) => one.join(": ")).join("\n"));
  add("answer.body", body);
}

if (form) {
  const here = form.querySelector("[data-here]");
  form.querySelector("[data-sender]").hidden = false;
  here.checked = true;
  let sent = false;
  form.addEventListener("submit", (event) => {
    if (event.submitter?.value !== "send" || !here.checked || sent) return;
    event.preventDefault();
    sent = true;
    // Where the browser cannot send it, the server does.
    send().catch(() => {}).finally(() => form.requestSubmit(event.submitter));
  });
  // Who comes back by the browser's button sends anew.
  addEventListener("pageshow", () => {
    sent = false;
    for (const input of form.querySelectorAll("[name^='answer.']")) input.remove();
  });
}

// What came in the query was read by the server, and need not stay in the history.
if (location.pathname.endsWith("/callback") && location.search) {
  history.replaceState(null, "", location.pathname);
}

// Tokens in the fragment are posted, and taken out of the address and the history.
const back = document.querySelector("form[data-fragment]");
if (back) {
  const answer = new URLSearchParams(location.hash.slice(1));
  history.replaceState(null, "", location.pathname);
  for (const [name, value] of answer) {
    const input = document.createElement("input");
    input.type = "hidden";
    input.name = name;
    input.value = value;
    back.append(input);
  }
  if (answer.size) back.requestSubmit();
  else document.querySelector("[data-nothing]").hidden = false;
}
