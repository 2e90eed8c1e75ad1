// Watches a list that grows. Without this script the page is loaded anew.
const SECONDS = 3;

const cell = (label, { text, url }) => {
  const made = document.createElement("td");
  made.dataset.label = label;
  const inner = document.createElement(url ? "a" : "bdi");
  inner.textContent = text;
  if (url) inner.href = url;
  made.append(inner);
  return made;
};

for (const button of document.querySelectorAll("button[data-live]")) {
  const body = document.querySelector("main tbody");
  if (!body) continue;
  const labels = [...document.querySelectorAll("main th")].map((one) => one.textContent);
  let timer = 0;
  const look = async () => {
    if (document.hidden) return;
    const answer = await fetch(button.dataset.live, { headers: { Accept: "application/json" } });
    if (!answer.ok || answer.redirected) return stop();
    const { rows } = await answer.json();
    body.replaceChildren(...rows.map((cells) => {
      const row = document.createElement("tr");
      row.append(...cells.map((one, place) => cell(labels[place], one)));
      return row;
    }));
  };
  const stop = () => {
    clearInterval(timer);
    timer = 0;
    button.setAttribute("aria-pressed", "false");
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    if (timer) return stop();
    timer = setInterval(() => look().catch(stop), SECONDS * 1000);
    button.setAttribute("aria-pressed", "true");
    look().catch(stop);
  });
}
