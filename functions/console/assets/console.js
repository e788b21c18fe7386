// Live updates, more events while scrolling, and marks without a reload. Every page works without this script.
"use strict";

const INTERVAL = 10_000;
const OVERLAP = 15 * 60_000;

const timeline = document.getElementById("timeline");
const parse = (html) => new DOMParser().parseFromString(html, "text/html");
const cards = () => [...timeline.querySelectorAll("article[data-event]")];

// A picture that is gone, instead of a broken one.
addEventListener("error", ({ target }) => {
  if (!(target instanceof HTMLImageElement) || !target.closest(".shot, .frame")) return;
  const gone = document.createElement("span");
  gone.className = "no-picture";
  gone.textContent = target.closest(".shot") ? "No preview" : "The picture is no longer stored";
  target.after(gone);
}, true);

async function load(url) {
  const response = await fetch(url, { credentials: "same-origin" });
  if (response.status === 401) location.reload();
  if (!response.ok) throw new Error(`status ${response.status}`);
  return parse(await response.text());
}

// Whether the server shows a card otherwise now: its mark changed, or its picture was not stored yet.
function isStale(known, fresh) {
  const hasMark = known.dataset.reviewed !== fresh.dataset.reviewed;
  const hasPicture = known.querySelector(".shot .no-picture") && fresh.querySelector(".shot img");
  return (hasMark || hasPicture) && !known.contains(document.activeElement);
}

// With filters, the page counts what it shows.
function count() {
  const summary = document.getElementById("summary");
  if (summary?.dataset.counts !== "shown") return;
  const shown = cards();
  const open = shown.filter((card) => card.dataset.reviewed === "no").length;
  const text = `${shown.length} ${shown.length === 1 ? "event" : "events"} shown, ${open} not reviewed`;
  if (summary.textContent !== text) summary.textContent = text;
}

// The headings of a page that is open across midnight: "Today" is another day.
function renameDays(today) {
  if (today === timeline.dataset.today) return;
  timeline.dataset.today = today;
  for (const heading of timeline.querySelectorAll("h2.day")) {
    if (heading.dataset.key !== `day-${today}`) heading.textContent = heading.dataset.name;
  }
}

// Inserts cards and names of days where their time puts them, and replaces those that have changed.
function merge(source, isNew) {
  const list = document.getElementById("events");
  let added = 0;
  for (const item of [...(source?.children ?? [])]) {
    const known = list.querySelector(`[data-key="${CSS.escape(item.dataset.key)}"]`);
    if (known) {
      if (isStale(known, item)) known.replaceWith(item);
      continue;
    }
    const time = Number(item.dataset.time);
    const after = [...list.children].find((other) => Number(other.dataset.time) < time
      || (Number(other.dataset.time) === time && other.dataset.key < item.dataset.key));
    if (isNew && item.matches("article")) item.classList.add("new");
    list.insertBefore(item, after ?? null);
    added += 1;
  }
  if (added) document.getElementById("empty")?.remove();
  count();
}

function live() {
  const state = document.getElementById("live-state");
  // The server's time when the last update was made that was read to its end.
  let seen = Number(timeline.dataset.now);
  let made = seen;
  let cursor = null;
  let running = false;
  let last = -Infinity;

  async function tick() {
    if (document.hidden || running || performance.now() - last < INTERVAL - 100) return;
    running = true;
    last = performance.now();
    try {
      const url = new URL(timeline.dataset.live, location.href);
      url.searchParams.set("since", seen - OVERLAP);
      if (cursor) url.searchParams.set("cursor", cursor);
      const update = (await load(url)).body.firstElementChild;
      if (!cursor) made = Number(update.dataset.now);
      // After a gap the update has several parts: each tick reads one.
      cursor = update.dataset.next ?? null;
      if (!cursor) seen = made;
      const summary = update.querySelector("#summary");
      if (summary) document.getElementById("summary").replaceWith(summary);
      renameDays(update.dataset.today);
      merge(update.querySelector("#events"), true);
      state.className = "live on";
      state.textContent = "Live";
    } catch {
      state.className = "live late";
      state.textContent = "Not connected, trying again";
    } finally {
      running = false;
    }
  }

  last = performance.now();
  state.className = "live on";
  setInterval(tick, INTERVAL);
  document.addEventListener("visibilitychange", tick);
  addEventListener("online", tick);
}

// More events when the end of the list comes into view.
function endless() {
  let running = false;
  const observer = new IntersectionObserver(async (entries) => {
    const link = document.getElementById("older");
    if (running || !link || !entries.some((entry) => entry.isIntersecting)) return;
    running = true;
    const text = link.textContent;
    link.textContent = "Loading older events…";
    link.setAttribute("aria-busy", "true");
    try {
      const page = await load(link.href);
      merge(page.getElementById("events"), false);
      const more = page.querySelector(".more");
      const place = link.closest(".more");
      if (more) place.replaceWith(more); else place.remove();
      observe();
    } catch {
      // The link stays and can be followed.
      link.textContent = text;
      link.removeAttribute("aria-busy");
    } finally {
      running = false;
    }
  }, { rootMargin: "800px" });
  function observe() {
    observer.disconnect();
    const more = document.querySelector(".more");
    if (more) observer.observe(more);
  }
  observe();
}

// Returns what undoes the marks that were made.
async function send(form, events, reviewed) {
  const body = new URLSearchParams([["reviewed", reviewed], ["answer", "none"], ...events.map((id) => ["event", id])]);
  const response = await fetch(form.action, { method: "POST", body, credentials: "same-origin" });
  if (!response.ok) throw new Error(`status ${response.status}`);
  return response.headers.get("camhook-undo");
}

async function undo(form, query) {
  const body = new URLSearchParams(`${query}&answer=none`);
  const response = await fetch(`${form.action}/undo`, { method: "POST", body, credentials: "same-origin" });
  if (!response.ok) throw new Error(`status ${response.status}`);
}

// Shows the marks as the server has them now. Returns the cards that are on its page.
async function refresh() {
  const page = await load(location.href);
  const fresh = [...page.querySelectorAll("#events article")];
  for (const card of fresh) {
    const known = timeline.querySelector(`article[data-key="${CSS.escape(card.dataset.key)}"]`);
    if (known && known.dataset.reviewed !== card.dataset.reviewed) known.replaceWith(card);
  }
  const summary = page.getElementById("summary");
  if (summary) document.getElementById("summary").replaceWith(summary);
  return new Set(fresh.map((card) => card.dataset.event));
}

// What the server shows of a mark, for cards that are not on the first page.
function paint(card, reviewed) {
  const isReviewed = reviewed === "yes";
  card.dataset.reviewed = reviewed;
  const button = card.querySelector(".review button");
  button.value = isReviewed ? "no" : "yes";
  button.textContent = isReviewed ? "Undo" : "Mark reviewed";
  if (!isReviewed) card.querySelector(".reviewed")?.remove();
}

function offerUndo(form, marked, notices) {
  document.getElementById("undo")?.remove();
  const notice = document.createElement("p");
  notice.id = "undo";
  notice.className = "notice";
  notice.setAttribute("role", "status");
  notice.textContent = marked === 1 ? "1 event marked as reviewed." : `${marked} events marked as reviewed.`;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet";
  button.textContent = "Undo";
  button.addEventListener("click", async () => {
    button.disabled = true;
    button.textContent = "Removing the marks…";
    try {
      for (const query of notices) await undo(form, query);
    } finally {
      location.reload();
    }
  });
  notice.append(button);
  document.querySelector(".bar").before(notice);
}

function marks() {
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    const reviewed = event.submitter?.value;
    const isAll = form.id === "mark-all";
    if (!isAll && !form.matches("#timeline .review")) return;
    event.preventDefault();
    const ids = isAll
      ? cards().filter((card) => card.dataset.reviewed === "no").map((card) => card.dataset.event)
      : [form.elements.event.value];
    if (!ids.length) return;
    event.submitter.disabled = true;
    const text = event.submitter.textContent;
    event.submitter.textContent = "Saving…";
    try {
      const notices = [];
      for (let start = 0; start < ids.length; start += 100) {
        notices.push(await send(form, ids.slice(start, start + 100), reviewed));
      }
      const fresh = await refresh();
      for (const id of ids.filter((id) => !fresh.has(id))) {
        const card = timeline.querySelector(`article[data-event="${CSS.escape(id)}"]`);
        if (card) paint(card, reviewed);
      }
      count();
      if (reviewed === "yes") offerUndo(form, ids.length, notices.filter(Boolean));
    } catch {
      // Without an answer the page is loaded again: it shows what is true.
      location.reload();
    } finally {
      if (event.submitter) {
        event.submitter.disabled = false;
        if (event.submitter.textContent === "Saving…") event.submitter.textContent = text;
      }
    }
  });
}

if (timeline) {
  if (timeline.dataset.live) live();
  endless();
  marks();
}
