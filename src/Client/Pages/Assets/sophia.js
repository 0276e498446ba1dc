// What every page of Sophia shares: requests, questions before grave steps, parts that are rendered again, forms that speak REST.
// Everything shown is rendered by the server; text from records only ever enters a page as text.
"use strict";

const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

const IDLE_REFRESH_MS = 5000; // A watched folder may start a run of its own.
const LIVE_REFRESH_MS = 500;
const NOTICE_FOR_MS = 8000;
const LONGEST_TIMER_MS = 3_600_000; // A browser takes what is much longer for nothing.
const STAYS_ALIVE_CHARS = 16_000; // Browsers send no more than 64 KiB for pages that were left.

// ---- requests
async function call(method, path, body, type = "application/json") {
  // What a person said yes to is done also when they turn to another page at once.
  const keepalive = method !== "GET" && (body === undefined || (typeof body === "string" && body.length <= STAYS_ALIVE_CHARS));
  const answer = await fetch(path, { method, keepalive, credentials: "same-origin", body, headers: body === undefined ? {} : { "Content-Type": type } });
  const content = /json/.test(answer.headers.get("Content-Type") || "") ? await answer.json() : null;
  if (answer.ok) return content;
  if (answer.status === 401) location.reload();
  throw new Error([content?.detail || content?.title || `Sophia answered ${answer.status}.`, ...(content?.errors || [])].join("\n"));
}

let restsUntil = 0; // Whoever is told when to return and asks on is made to wait longer: what asks by itself waits.
const restMs = () => Math.max(0, restsUntil - Date.now());

async function page(path) {
  const answer = await fetch(path, { credentials: "same-origin", headers: { Accept: "text/html" } });
  if (answer.status === 401) location.reload();
  if (answer.status === 429 || answer.status === 503) restsUntil = Math.max(restsUntil, Date.now() + 1000 * (Number(answer.headers.get("Retry-After")) || 0));
  if (!answer.ok) throw new Error(`Sophia answered ${answer.status}.`);
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

let noticeTimer;
function notice(text) {
  clearTimeout(noticeTimer);
  $("#notice").textContent = text;
  if (text) noticeTimer = setTimeout(() => notice(""), NOTICE_FOR_MS);
}

async function attempt(work, complain = notice) {
  try {
    return await work();
  } catch (error) {
    complain(error instanceof TypeError ? "Sophia does not answer. Is it still running?" : error.message);
    return undefined;
  }
}

let answerNo = () => { }; // Ends the question before, whose "close" may still be on its way.

/** Asks before a grave step. Resolves to the reason given ("" where none is asked for), or null where the answer is no. */
function sure(question, wantsReason) {
  const dialog = $("#sure");
  answerNo();
  $("#sure-question").textContent = question;
  $("label", dialog).hidden = !wantsReason;
  const reason = $("textarea", dialog);
  reason.value = "";
  dialog.returnValue = "no";
  dialog.showModal();
  (wantsReason ? reason : $(".primary", dialog)).focus();
  return new Promise(resolve => {
    const end = answer => {
      dialog.removeEventListener("close", closed);
      resolve(answer);
    };
    const closed = () => { if (!dialog.open) end(dialog.returnValue === "yes" ? reason.value.trim() : null); };
    dialog.addEventListener("close", closed);
    answerNo = () => end(null);
  });
}

// ---- moments in the reader's own zone
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const dayOfYear = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });

function localize(root) {
  const now = new Date();
  for (const time of $$("time", root)) {
    const at = new Date(time.dateTime);
    const date = at.toDateString() === now.toDateString() ? "today" : (at.getFullYear() === now.getFullYear() ? day : dayOfYear).format(at);
    time.textContent = `${date} ${clock.format(at)}`;
  }
  return root;
}

// ---- parts that are rendered again: only what differs is touched, so that focus, selection and scroll positions stay
const keyOf = node => node.nodeType === Node.ELEMENT_NODE ? node.id || node.dataset.pipeline || node.dataset.item || node.dataset.question || "" : "";

function morph(from, to) {
  for (const { name, value } of [...to.attributes]) if (from.getAttribute(name) !== value) from.setAttribute(name, value);
  for (const { name } of [...from.attributes]) if (!to.hasAttribute(name) && name !== "open") from.removeAttribute(name);
  if (from.nodeName === "TEXTAREA") return;
  let at = from.firstChild;
  for (const wanted of [...to.childNodes]) {
    const key = keyOf(wanted);
    const kin = key ? [...from.children].find(child => keyOf(child) === key) : at && !keyOf(at) ? at : null;
    if (!kin || kin.nodeName !== wanted.nodeName) { from.insertBefore(document.importNode(wanted, true), at); continue; }
    if (kin === at) at = at.nextSibling; else from.insertBefore(kin, at);
    if (kin.nodeType === Node.ELEMENT_NODE) { if (!wanted.hasAttribute("data-late")) morph(kin, wanted); }
    else if (kin.data !== wanted.data) kin.data = wanted.data;
  }
  while (at) { const next = at.nextSibling; at.remove(); at = next; }
}

const timers = new Map();

/** Renders a part again, and again soon for as long as something in it is under way. */
async function refresh(part) {
  clearTimeout(timers.get(part));
  try {
    if (document.hidden) return;
    const fresh = part.cloneNode(false);
    fresh.append(...(await page(part.dataset.refresh)).body.childNodes);
    morph(part, localize(fresh));
  } finally {
    keepFresh(part);
  }
}

function keepFresh(part) {
  clearTimeout(timers.get(part));
  if (part.hasAttribute("data-until-done") && !$("[data-active]", part)) return;
  timers.set(part, setTimeout(() => restMs() > 0 ? keepFresh(part) : refresh(part).catch(() => { }), Math.min(LONGEST_TIMER_MS, Math.max(restMs(), $("[data-active]", part) ? LIVE_REFRESH_MS : IDLE_REFRESH_MS))));
}

/** Parts that a page stands without come after it, and alone. */
const comeLate = () => $$("[data-late]").forEach(part => refresh(part).catch(() => { }));

const refreshAll = () => Promise.all($$("[data-refresh]").map(refresh));

async function renderAgain() {
  morph($("#main"), localize($("#main", await page(location.href))));
  comeLate();
}

// ---- buttons that speak REST
document.addEventListener("click", async event => {
  const button = event.target.closest("button");
  if (!button || button.disabled) return;
  const { post, body, delete: remove, then, one, bulk } = button.dataset;
  if (!(post || remove || one || bulk)) return;
  const ids = one ? [button.closest("[data-item]").dataset.item] : $$(".choose:checked").map(choice => choice.value);
  if ((one || bulk) && ids.length === 0) { notice("Choose some records first."); return; }
  const reason = button.dataset.sure ? await sure(button.dataset.sure, button.hasAttribute("data-reason")) : "";
  if (reason === null) { button.focus(); return; }
  button.disabled = true;
  button.setAttribute("aria-busy", "true");
  await attempt(async () => {
    if (remove) { await call("DELETE", remove); location.assign(then); return; }
    if (post) { await call("POST", post, body); await refreshAll(); return; }
    await decide(one || bulk, ids, reason);
  });
  button.disabled = false;
  button.removeAttribute("aria-busy");
});

async function decide(decision, ids, reason) {
  const outcomes = await call("POST", `/api/quarantine/${decision}`, JSON.stringify({ ids: ids.map(Number), ...(decision === "discard" ? { reason } : {}) }));
  notice([...new Set(outcomes.map(outcome => outcome.detail))].join("\n"));
  await renderAgain();
  $("#main").focus({ preventScroll: true });
}

// ---- many held records at once: tried page by page; done by the queue, also when nobody looks any more
document.addEventListener("change", event => {
  const form = event.target.closest("[data-many]");
  if (form) for (const part of $$("[data-for]", form)) part.hidden = part.dataset.for !== form.elements.kind.value;
});

const valueOf = text => { try { const value = JSON.parse(text); return value !== null && typeof value === "object" ? text : value; } catch { return text; } };

document.addEventListener("click", async event => {
  const button = event.target.closest("[data-decide-many]");
  if (!button || button.disabled) return;
  const form = button.closest("form");
  const { which, kind, field, value, reason } = form.elements;
  const chosen = which.selectedOptions[0];
  const [errors, outcome] = [$(".errors", form), $(".outcome", form)];
  const dryRun = button.dataset.decideMany === "try";
  errors.textContent = outcome.textContent = "";
  const decision = { kind: kind.value, stream: chosen.dataset.stream, rule: chosen.dataset.rule,
    ...(kind.value === "edit" ? { field: field.value.trim(), value: valueOf(value.value) } : {}), ...(kind.value === "discard" ? { reason: reason.value.trim() } : {}) };
  if (!dryRun && await sure(`${kind.selectedOptions[0].text[0].toUpperCase()}${kind.selectedOptions[0].text.slice(1)}: all that break “${decision.rule}” in ${decision.stream}?`, false) === null) { button.focus(); return; }
  button.disabled = true;
  const told = await attempt(() => (dryRun ? tryMany : decideMany)(decision, text => { outcome.textContent = text; }), text => { errors.textContent = text; });
  button.disabled = false;
  if (!told) return;
  outcome.textContent = told;
  if (dryRun) return;
  notice(told);
  await renderAgain();
  $("#main").focus({ preventScroll: true });
});

async function tryMany(decision, tell) {
  let taken = 0, example, before;
  do {
    const page = await call("POST", "/api/quarantine/bulk", JSON.stringify({ ...decision, dryRun: true, limit: 200, before }));
    taken += page.taken;
    example ??= page.outcomes?.[0]?.detail;
    tell(`${taken} so far`);
    before = page.next ?? undefined;
  } while (before !== undefined);
  return `It would take ${taken}. ${example ?? ""}`;
}

async function decideMany(decision, tell) {
  let order = await call("POST", "/api/quarantine/decisions", JSON.stringify(decision));
  for (;;) {
    const taken = order.released + order.discarded + order.stillHeld;
    if (order.phase === "stuck") throw new Error(`Decision ${order.id} is stuck: ${order.says}`);
    if (order.endedAt) return `${taken} taken: ${order.released} stored, ${order.discarded} discarded, ${order.stillHeld} still held.`;
    tell(`${taken} of at most ${order.atMost}; it goes on if you leave this page.`);
    await new Promise(resolve => setTimeout(resolve, Math.max(LIVE_REFRESH_MS, restMs())));
    order = await call("GET", `/api/quarantine/decisions/${order.id}`);
  }
}

$("#all")?.addEventListener("change", event => $$(".choose").forEach(choice => { choice.checked = event.target.checked; }));

// ---- forms that speak REST
const nameOf = path => (path.split(/[\\/]/).filter(Boolean).pop() || "").replace(/\.[^.]*$/, "").toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 63);

const forms = {
  async folder(data, form) {
    const name = data.get("name");
    if ($(`[data-pipeline="${CSS.escape(name)}"]`)) throw new Error(`There is a pipeline "${name}" already. Choose another name.`);
    const text = `sources:\n  - type: files\n    path: ${JSON.stringify(data.get("path").trim())}\n    watch: ${data.get("watch") ? "true" : "false"}\n`;
    await call("PUT", `/api/pipelines/${encodeURIComponent(name)}?strict=true`, text, "application/yaml");
    await call("POST", `/api/pipelines/${encodeURIComponent(name)}/runs`, "{}");
    form.reset();
    notice(`"${name}" is being read.`);
    await refreshAll();
  },
  async define(data) {
    const view = await call("PUT", `/api/pipelines/${encodeURIComponent(data.get("name"))}`, data.get("definition"), "application/yaml");
    notice(`"${view.name}" is saved as version ${view.version}.`);
    await refreshAll();
  },
  async edit(data, form) {
    const outcome = await call("PUT", `/api/quarantine/${form.dataset.edit}`, data.get("payload"));
    if (outcome.state === "held" || outcome.state === "unknown") throw new Error(outcome.reasons.map(reason => `${reason.field}: expected ${reason.expected}`).join("\n") || outcome.detail);
    notice(outcome.detail);
    await renderAgain();
    $("#main").focus({ preventScroll: true });
  },
};

document.addEventListener("submit", async event => {
  const form = event.target;
  const kind = form.id === "add-folder" ? "folder" : form.hasAttribute("data-define") ? "define" : form.dataset.edit ? "edit" : null;
  if (!kind) return;
  event.preventDefault();
  const errors = $(".errors", form);
  const button = $(".primary", form);
  errors.textContent = "";
  button.disabled = true;
  await attempt(() => forms[kind](new FormData(form), form), text => { errors.textContent = text; });
  button.disabled = false;
});

const folder = $("#add-folder");
if (folder) {
  folder.elements.path.addEventListener("input", () => {
    if (!folder.dataset.named) folder.elements.name.value = nameOf(folder.elements.path.value);
  });
  folder.elements.name.addEventListener("input", () => { folder.dataset.named = folder.elements.name.value; });
  folder.addEventListener("reset", () => { delete folder.dataset.named; });
}

// ---- forms that lead to another page; their moments are entered in the reader's own zone and sent in UTC
for (const field of $$("[data-utc]")) {
  const at = field.dataset.utc ? new Date(field.dataset.utc) : null;
  if (at) field.value = new Date(at - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
  const zone = $("[data-zone]", field.closest("label"));
  if (zone) zone.hidden = true;
}

function sendMoment(field) {
  const sent = Object.assign(document.createElement("input"), { type: "hidden", name: field.name, value: new Date(field.value).toISOString() });
  sent.dataset.sent = field.dataset.empty = "";
  field.disabled = true;
  field.form.append(sent);
}

document.addEventListener("submit", event => {
  const form = event.target;
  if (form.method !== "get" || event.defaultPrevented) return;
  for (const field of $$("[data-utc]", form)) if (field.value) sendMoment(field);
  // What is left empty does not belong into an address that people keep.
  for (const field of form.elements) if (field.name && !field.value) { field.dataset.empty = ""; field.disabled = true; }
  document.documentElement.dataset.leaving = "";
});
window.addEventListener("pageshow", () => {
  for (const sent of $$("[data-sent]")) sent.remove();
  delete document.documentElement.dataset.leaving;
  for (const field of $$("[data-empty]")) { delete field.dataset.empty; field.disabled = false; }
});

// ---- files dropped on the page
async function send(files) {
  const state = $("#drop-state");
  let sent = 0;
  for (const file of files) {
    state.textContent = `Sending ${file.name} (${++sent} of ${files.length})`;
    const path = encodeURIComponent(file.webkitRelativePath || file.name);
    const taken = await attempt(() => call("POST", `/api/inbox?path=${path}&start=${sent === files.length}`, file, "application/octet-stream").then(() => true), text => { state.textContent = text; });
    if (!taken) return;
  }
  state.textContent = `${sent} ${sent === 1 ? "file" : "files"} taken into the pipeline “inbox”.`;
  await attempt(refreshAll);
}

const drop = $("#drop");
if (drop) {
  drop.addEventListener("dragover", event => { event.preventDefault(); drop.classList.add("over"); });
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", event => { event.preventDefault(); drop.classList.remove("over"); send([...event.dataTransfer.files]); });
  $("#files").addEventListener("change", event => { send([...event.target.files]).then(() => { event.target.value = ""; }); });
}

localize(document.body);
$$("[data-refresh]").forEach(keepFresh);
comeLate();
document.addEventListener("visibilitychange", () => { if (!document.hidden && restMs() === 0) refreshAll().catch(() => { }); });
$(".top nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
