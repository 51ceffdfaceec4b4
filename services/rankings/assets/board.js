// Keeps an open board true. The page is whole without this file; with it, it follows the standings:
// the server says "something changed" over Server-Sent Events, and the very same page is fetched and its
// rows exchanged, so that what is shown live and what is shown on reload can never differ.
"use strict";
(() => {
  // A closed <details> is not printed by every browser: open what explains the figures.
  addEventListener("beforeprint", () => {
    for (const details of document.querySelectorAll("details.method")) details.open = true;
  });

  const board = document.getElementById("board");
  if (!board || !board.dataset.live || !window.EventSource) return;
  const live = document.getElementById("live");
  const lost = document.getElementById("lost");
  const words = board.dataset;
  const QUIET = 20_000; // the server speaks every five seconds; a few missed beats are a lost connection
  const SHOWN = 6_000;  // how long a changed row stays marked
  const APART = 1_000;  // a storm of changes costs the server one page a second, not one a change

  let source = null;
  let quiet = 0;
  let later = 0;
  let pause = 1_000;
  let busy = false;
  let again = false;

  function say(state, more) {
    live.dataset.state = state;
    const text = words[state] + (more ? " · " + more : "");
    if (live.textContent !== text) live.textContent = text;
    lost.hidden = state !== "off";
    if (state === "off") {
      const at = document.getElementById("as-of");
      lost.textContent = words.lost + " " + (at ? at.textContent : "—");
    }
  }

  function heard() {
    clearTimeout(quiet);
    quiet = setTimeout(lose, QUIET);
    pause = 1_000;
    if (live.dataset.state !== "on") say("on");
  }

  function stop() {
    clearTimeout(quiet);
    clearTimeout(later);
    if (source) source.close();
    source = null;
  }

  function lose() {
    stop();
    say("off");
    later = setTimeout(connect, pause);
    pause = Math.min(pause * 2, 30_000);
  }

  function connect() {
    stop();
    const url = new URL(words.live, location.href);
    url.searchParams.set("after", words.revision);
    source = new EventSource(url);
    quiet = setTimeout(lose, QUIET);
    source.addEventListener("open", heard);
    source.addEventListener("standings", () => { heard(); refresh(); });
    source.addEventListener("pulse", (event) => {
      heard();
      if (event.data !== words.state) refresh();
    });
    source.addEventListener("error", () => {
      // While the browser reconnects by itself it sends Last-Event-ID; when it has given up, we start again.
      if (source && source.readyState === EventSource.CLOSED) lose();
      else say("off");
    });
  }

  async function refresh() {
    if (busy) { again = true; return; }
    busy = true;
    try {
      const answer = await fetch(words.self, { cache: "no-store", credentials: "same-origin" });
      if (!answer.ok) throw new Error(answer.statusText);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      show(page.getElementById("board"));
    } catch {
      lose();
    } finally {
      setTimeout(() => {
        busy = false;
        if (again) { again = false; refresh(); }
      }, APART);
    }
  }

  function show(fresh) {
    if (!fresh) throw new Error("no board");
    const said = live.textContent;
    const state = live.dataset.state;
    for (const part of board.querySelectorAll("[data-part]")) {
      const next = fresh.querySelector(`[data-part="${part.dataset.part}"]`);
      if (next && next.innerHTML !== part.innerHTML) exchange(part, next);
    }
    const changed = rows(fresh);
    words.revision = fresh.dataset.revision;
    words.state = fresh.dataset.state;
    live.textContent = said;
    live.dataset.state = state;
    if (changed > 0) {
      const now = new Date().toLocaleTimeString(document.documentElement.lang, { hour12: false });
      say("on", `${now} ${changed} ${words.changed}`);
    }
  }

  // The status line is ours: it stays the same element, so that a screen reader goes on listening to it.
  function exchange(part, next) {
    const other = next.querySelector("#live");
    if (other) other.replaceWith(live);
    part.replaceChildren(...next.childNodes);
  }

  // Exchanges the table's bodies, marks the rows whose figures changed, and gives the focus back.
  function rows(fresh) {
    const table = board.querySelector("table.board");
    if (!table) return 0; // a sheet of figures: its parts have been exchanged already
    const before = new Map();
    for (const row of table.querySelectorAll("tr[data-row]")) before.set(row.id, row.innerHTML);
    const focused = table.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    const bodies = [...fresh.querySelectorAll("table.board > tbody")];
    const changed = [];
    for (const body of bodies) {
      for (const row of body.querySelectorAll("tr[data-row]")) {
        if (before.get(row.id) !== row.innerHTML) changed.push(row);
      }
    }
    for (const body of [...table.tBodies]) body.remove();
    table.append(...bodies);
    for (const row of changed) {
      row.classList.add("changed");
      setTimeout(() => row.classList.remove("changed"), SHOWN);
    }
    if (focused) {
      const link = [...table.querySelectorAll("a")].find((a) => a.getAttribute("href") === focused);
      if (link) link.focus({ preventScroll: true });
    }
    return changed.length;
  }

  // A hidden tab holds no connection: browsers allow six to a host, and nobody is looking.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) stop();
    else if (!source) { say("wait"); connect(); }
  });

  say("wait");
  connect();
})();
