// Asking. The answer is read from the conversation's numbered event stream, goes on after the last number seen, and is rendered by the server
// again whenever a sentence has got its sources.
"use strict";

const thread = $(".thread");
const session = thread.dataset.session;
const address = `/api/chat/sessions/${encodeURIComponent(session)}`;
const exchanges = $("#exchanges");
const composer = $("#ask-form");
const box = $("#question");
const stop = $("#stop");
const submit = $("[type=submit]", composer);
const RETRY_AFTER_MS = 1000;

let last = Number($("#seen").dataset.last);
let unrendered = []; // Pieces that came after the state that is shown.
let rendering = null;
let source = null;
let waiting = ""; // A question that is sent once the answer has ended.

const ends = kind => kind === "done" || kind === "failed" || kind === "stopped";
const atEnd = () => window.innerHeight + window.scrollY >= document.documentElement.scrollHeight - 80;
const toEnd = () => window.scrollTo({ top: document.documentElement.scrollHeight });

function append(piece) {
  exchanges.lastElementChild?.querySelector(".answer")?.append(piece.text);
}

/** Shows what the server has of the last exchange by now, then what came since; returns whether an answer is under way. */
async function render() {
  const from = Number(exchanges.lastElementChild?.dataset.question ?? 0);
  const fresh = exchanges.cloneNode(false);
  fresh.append(...(await page(`/pages/ask?session=${encodeURIComponent(session)}&from=${from}`)).body.childNodes);
  const earlier = $$(".exchange", exchanges).filter(exchange => Number(exchange.dataset.question) < from);
  $("#seen", fresh).after(...earlier.map(exchange => exchange.cloneNode(true)));
  const follows = atEnd();
  morph(exchanges, localize(fresh));
  const shown = Number($("#seen").dataset.last);
  last = Math.max(last, shown);
  unrendered = unrendered.filter(piece => piece.number > shown);
  unrendered.forEach(append);
  if (follows) toEnd();
  return Boolean($(".answer[aria-busy=true]", exchanges));
}

/** One rendering at a time; whoever asks while one is under way gets the next. */
function renderSoon() {
  rendering ??= render().catch(() => true).finally(() => { rendering = null; });
  return rendering;
}

function take(happened) {
  if (ends(happened.kind)) { finish(); return; }
  if (happened.number <= last) return;
  last = happened.number;
  if (happened.kind !== "text") { renderSoon(); return; }
  const follows = atEnd();
  unrendered.push(happened);
  append(happened);
  if (follows) toEnd();
  if (happened.sources?.length) renderSoon();
}

function answering(now) {
  thread.toggleAttribute("data-answering", now);
  stop.hidden = !now;
  submit.hidden = now;
  $("#answering").textContent = now ? "An answer is being written." : "The answer is complete.";
}

const busy = () => submit.disabled || thread.hasAttribute("data-answering");

/** Sends the question that was to wait, unless it was changed since. */
function sendWaiting() {
  if (!waiting || busy()) return;
  const same = box.value.trim() === waiting;
  waiting = "";
  if (same) composer.requestSubmit();
}

function follow() {
  if (source) return;
  answering(true);
  source = new EventSource(`${address}/events?after=${last}`);
  source.onmessage = message => take(JSON.parse(message.data));
  source.onerror = async () => {
    // Lost, or the answer ended before we listened: what the server has decides.
    source?.close();
    source = null;
    if (await ended()) finish(); else setTimeout(follow, Math.max(restMs(), RETRY_AFTER_MS));
  };
}

const ended = async () => { await rendering; return !(await renderSoon()); };

async function finish() {
  source?.close();
  source = null;
  await rendering;
  if (await renderSoon()) { setTimeout(follow, Math.max(restMs(), RETRY_AFTER_MS)); return; } // The stream says it ended, yet we could not see it.
  answering(false);
  stop.disabled = false;
  if (document.activeElement === document.body) box.focus({ preventScroll: true });
  sendWaiting();
}

function listConversation(title) {
  const list = $(".sessions");
  if ($("[aria-current]", list)) return;
  const link = document.createElement("a");
  link.href = `/?session=${encodeURIComponent(session)}`;
  link.title = link.textContent = title;
  link.setAttribute("aria-current", "true");
  const item = document.createElement("li");
  item.append(link);
  list.prepend(item);
}

composer.addEventListener("submit", async event => {
  event.preventDefault();
  const text = box.value.trim();
  if (!text) return;
  if (busy()) {
    waiting = text;
    $("#answering").textContent = "Your question is sent once the answer is complete.";
    return;
  }
  submit.disabled = true;
  let isAsked = false;
  await attempt(async () => {
    await call("POST", `${address}/questions`, JSON.stringify({ text, operationId: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}` }));
    isAsked = true;
    box.value = "";
    fit();
    $("#hello")?.remove();
    $("#forget")?.removeAttribute("hidden");
    history.replaceState(null, "", `/?session=${encodeURIComponent(session)}`);
    listConversation(text);
    const under = await renderSoon();
    toEnd();
    if (under) follow(); else await finish();
  });
  submit.disabled = false;
  if (!isAsked) waiting = ""; // What was refused is not asked again by itself.
  sendWaiting();
});

function fit() {
  box.style.height = "auto";
  box.style.height = `${box.scrollHeight + box.offsetHeight - box.clientHeight}px`;
}
box.addEventListener("input", fit);
box.addEventListener("keydown", event => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); composer.requestSubmit(); }
});

stop.addEventListener("click", async () => {
  stop.disabled = true;
  if (await attempt(() => call("POST", `${address}/stop`)) === undefined) stop.disabled = false;
});

exchanges.addEventListener("click", event => {
  const thumb = event.target.closest("[data-mark]");
  if (!thumb) return;
  attempt(async () => {
    const thumbs = thumb.parentElement;
    await call("POST", `${address}/feedback`, JSON.stringify({ question: Number(thumbs.dataset.feedback), mark: Number(thumb.dataset.mark) }));
    for (const button of thumbs.children) button.setAttribute("aria-pressed", String(button === thumb));
  });
});

// A page that comes back from the browser's memory has lost its stream.
window.addEventListener("pageshow", event => {
  if (!event.persisted) return;
  source?.close();
  source = null;
  renderSoon().then(under => {
    if (under) { follow(); return; }
    answering(false);
    sendWaiting();
  });
});

// Who opens a conversation wants its end; who goes back to it, or reloads, is where they were.
if (performance.getEntriesByType("navigation")[0]?.type === "navigate") exchanges.lastElementChild?.scrollIntoView?.();

if (thread.hasAttribute("data-answering")) {
  toEnd();
  follow();
}
