// Ticks the steps of an application off as the server sees them. Without this script the page
// is loaded anew.
const SECONDS = 3;
// A page that is forgotten in a window asks no longer than that.
const HOUR = 3600;

const code = (text) => {
  const made = document.createElement("code");
  made.textContent = text;
  return made;
};

const failure = ({ at, type, reason, trace, url }) => {
  const made = document.createElement("li");
  const where = code(trace);
  if (url) {
    const link = document.createElement("a");
    link.href = url;
    link.append(where);
    made.append(`${at} `, code(type), ` ${reason} `, link);
  } else {
    made.append(`${at} `, code(type), ` ${reason} `, where);
  }
  return made;
};

for (const section of document.querySelectorAll("[data-steps]")) {
  const title = section.querySelector("h2");
  const failures = document.querySelector("#mishaps").closest("section");
  const list = failures.querySelector("ul");
  const shown = () => [...list.children].map((one) => one.textContent).join("\n");
  let looks = HOUR / SECONDS;
  const look = async () => {
    if (document.hidden) return;
    looks -= 1;
    const answer = await fetch(section.dataset.steps, { headers: { Accept: "application/json" } });
    if (!answer.ok || answer.redirected) {
      section.querySelector("[data-ended]").hidden = answer.status !== 401;
      return stop();
    }
    const found = await answer.json();
    // What did not change is left alone: whoever listens is told of what did.
    if (title.textContent !== found.title) title.textContent = found.title;
    for (const { id, text } of found.steps) {
      const cell = section.querySelector(`[data-step="${id}"]`);
      if (cell && cell.textContent !== text) cell.textContent = text;
    }
    const made = found.failures.map(failure);
    if (made.map((one) => one.textContent).join("\n") !== shown()) list.replaceChildren(...made);
    failures.hidden = made.length === 0;
    if (found.complete || looks <= 0) stop();
  };
  const stop = () => clearInterval(timer);
  const timer = setInterval(() => look().catch(stop), SECONDS * 1000);
}
