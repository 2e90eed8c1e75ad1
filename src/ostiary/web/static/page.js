// Conveniences of the pages. Every page works without them.

// Show and hide the password.
for (const button of document.querySelectorAll(".reveal button")) {
  const input = button.previousElementSibling;
  const [show, label] = [button.textContent, button.ariaLabel];
  button.hidden = false;
  button.addEventListener("click", () => {
    const shown = input.type === "password";
    input.type = shown ? "text" : "password";
    button.textContent = shown ? button.dataset.hide : show;
    button.ariaLabel = shown ? button.dataset.hideLabel : label;
  });
  button.form.addEventListener("submit", () => { input.type = "password"; });
}

// A second press within five seconds sends nothing again.
for (const form of document.querySelectorAll("form[data-once]")) {
  let sentAt = -Infinity;
  form.addEventListener("submit", (event) => {
    if (event.timeStamp - sentAt < 5000) event.preventDefault();
    else sentAt = event.timeStamp;
  });
  addEventListener("pageshow", () => { sentAt = -Infinity; });
}

// The page must have been in view for half a second before a decision counts: nobody may be
// made to press a button that was not there when they aimed. The style sheet guards the load.
for (const form of document.querySelectorAll("form[data-guard]")) {
  const guard = () => {
    form.classList.remove("decision");
    void form.offsetWidth;
    form.classList.add("decision");
  };
  addEventListener("focus", guard);
  document.addEventListener("visibilitychange", guard);
}

// Leave as soon as the frames are there, and do not wait for slow ones. Without this script
// the page leaves once all of them are.
for (const link of document.querySelectorAll("a[data-leave]")) {
  const leave = () => location.replace(link.href);
  addEventListener("load", leave);
  setTimeout(leave, 3000);
}
