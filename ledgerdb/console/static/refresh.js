// Looks again every few seconds: fetches the same page and puts its <main> in the place of this one.
// Without scripts the page is the same, and stays as it is until it is loaded again.
"use strict";
(() => {
  const status = document.getElementById("refreshed");
  const main = () => document.getElementById("main");
  const seconds = Number(main().dataset.refresh || 0);
  if (!seconds) return;

  const key = "ledgerdb-refresh";
  const button = document.createElement("button");
  let paused = sessionStorage.getItem(key) === "paused";
  const label = () => { button.textContent = paused ? "Resume refreshing" : "Pause refreshing"; };
  button.type = "button";
  button.addEventListener("click", () => {
    paused = !paused;
    sessionStorage.setItem(key, paused ? "paused" : "running");
    label();
  });
  label();
  status.before(button);

  // Nobody loses a place: what is being read, used or copied is left alone.
  const busy = () =>
    paused || document.hidden || main().contains(document.activeElement) ||
    !document.getSelection().isCollapsed;

  const refresh = async () => {
    if (busy()) return;
    try {
      const answer = await fetch(location.href, { signal: AbortSignal.timeout(seconds * 1000) });
      if (!answer.ok) throw new Error(`${answer.status}`);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (busy()) return;
      const open = [...main().querySelectorAll("details")].map((each) => each.open);
      main().replaceWith(document.adoptNode(page.getElementById("main")));
      main().querySelectorAll("details").forEach((each, i) => { each.open = Boolean(open[i]); });
      document.title = page.title;
      document.body.classList.remove("stale");
      status.textContent = "";
    } catch {
      document.body.classList.add("stale");
      status.textContent = "The console does not answer: these figures are old.";
    }
  };
  setInterval(refresh, seconds * 1000);
})();
