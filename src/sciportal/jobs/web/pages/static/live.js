// Keeps the parts of a page that change as new as the server has them.
//
// An element with data-live names an address, which gives the same element anew while it is worth
// asking. Only its pieces (data-piece) that differ are replaced. Without this script, or where it fails, the
// page is right when it is loaded anew.
"use strict";

const HIDDEN_SECONDS = 30;
const MOST_SECONDS = 30;
const TOKEN = /name="csrf" value="[^"]*"/g;
const STORM = [429, 500, 502, 503, 504];

class Region {
  constructor(element) {
    this.element = element;
    this.etag = element.dataset.etag || "";
    this.failures = 0;
    this.timer = 0;
    this.asking = false;
    this.said = element.dataset.say || "";
    this.pieces = piecesOf(element);
    scrolledToEnd(element);
    document.addEventListener("visibilitychange", () => this.plan(document.hidden ? this.pause() : 0));
    window.addEventListener("online", () => this.plan(0));
    this.plan(this.pause());
  }

  // Seconds until the server is asked again.
  pause() {
    const usual = Number(this.element.dataset.every) || 0;
    if (document.hidden) return Math.max(usual, HIDDEN_SECONDS);
    return this.failures ? Math.min(usual * 2 ** this.failures, MOST_SECONDS) : usual;
  }

  plan(seconds) {
    clearTimeout(this.timer);
    // What is over does not change any more.
    if (!this.element.dataset.every) return;
    this.timer = setTimeout(() => this.ask(), seconds * 1000);
  }

  async ask() {
    if (this.asking) return;
    this.asking = true;
    try {
      const headers = this.etag ? { "If-None-Match": this.etag } : {};
      const answer = await fetch(this.element.dataset.live, {
        headers: { ...headers, Accept: "text/html" },
        cache: "no-store",
        redirect: "error",
        signal: AbortSignal.timeout(15000),
      });
      if (answer.status === 200) this.show(await answer.text(), answer.headers.get("ETag") || "");
      else if (STORM.includes(answer.status)) throw new Error(String(answer.status));
      else if (answer.status !== 304) {
        // The job is gone, or whoever looks at it is no longer signed in.
        delete this.element.dataset.every;
        say("This page is not kept up to date any more; load it anew.", true);
        return;
      }
      if (this.failures) say("", false);
      this.failures = 0;
    } catch {
      this.failures += 1;
      if (this.failures === 2) say("The portal does not answer; trying again.", true);
    } finally {
      this.asking = false;
      this.plan(this.pause());
    }
  }

  show(text, etag) {
    const found = new DOMParser().parseFromString(text, "text/html").querySelector("[data-live]");
    if (!found) throw new Error("no part of a page");
    for (const name of ["every", "say"]) {
      if (found.dataset[name] === undefined) delete this.element.dataset[name];
      else this.element.dataset[name] = found.dataset[name];
    }
    const wanted = piecesOf(found);
    // Another order or number of pieces: begin anew.
    if ([...wanted.keys()].join() !== [...this.pieces.keys()].join()) {
      keepingPlace(this.element, () => this.element.replaceChildren(...found.childNodes));
    } else {
      for (const [id, html] of wanted) {
        if (html === this.pieces.get(id)) continue;
        const old = document.getElementById(id);
        keepingPlace(old, () => old.replaceWith(found.querySelector("#" + CSS.escape(id))));
      }
    }
    this.pieces = wanted;
    this.etag = etag;
    const news = this.element.dataset.say || "";
    if (news && news !== this.said) say(news, false);
    this.said = news;
  }
}

// The pieces by their ids, as the server wrote each, but for the tokens of forms.
function piecesOf(element) {
  const pieces = element.querySelectorAll("[data-piece]");
  return new Map([...pieces].map((each) => [each.id, each.outerHTML.replaceAll(TOKEN, "")]));
}

// Replaces an element without taking away the reader's focus, or place in a log.
function keepingPlace(element, replace) {
  const focused = element.contains(document.activeElement) ? document.activeElement.id : "";
  const places = new Map();
  for (const log of logsIn(element)) places.set(log.id, atEnd(log) ? null : log.scrollTop);
  const open = new Set([...element.querySelectorAll("details[open][id]")].map((each) => each.id));
  replace();
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  for (const [id, top] of places) {
    const log = document.getElementById(id);
    if (log) log.scrollTop = top === null ? log.scrollHeight : top;
  }
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

function logsIn(element) {
  return element.querySelectorAll(".log[id]");
}

function atEnd(log) {
  return log.scrollHeight - log.scrollTop - log.clientHeight < 24;
}

function scrolledToEnd(element) {
  for (const log of logsIn(element)) log.scrollTop = log.scrollHeight;
}

// Tells screen readers; what is wrong is shown to everybody.
function say(words, shown) {
  const place = document.getElementById("news");
  if (!place) return;
  place.textContent = words;
  place.className = shown ? "note bad" : "aside";
}

for (const each of document.querySelectorAll("[data-live]")) new Region(each);
