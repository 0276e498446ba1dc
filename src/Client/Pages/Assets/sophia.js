// The live parts of Sophia's pages. Everything shown is rendered by the server; this script fetches fragments again, streams answers, and sends forms to REST.
"use strict";

const $ = (selector, root = document) => root.querySelector(selector);
const notice = text => { $("#notice").textContent = text; if (text) setTimeout(() => { if ($("#notice").textContent === text) $("#notice").textContent = ""; }, 8000); };

async function call(method, path, body, type = "application/json") {
  const answer = await fetch(path, { method, credentials: "same-origin", body, headers: body === undefined ? {} : { "Content-Type": type } });
  const isJson = /json/.test(answer.headers.get("Content-Type") || "");
  const content = isJson ? await answer.json() : null;
  if (answer.ok) return content;
  if (answer.status === 401) location.reload();
  throw new Error([content?.detail || content?.title || `Sophia answered ${answer.status}.`, ...(content?.errors || [])].join("\n"));
}

const attempt = async (work, complain = notice) => {
  try { return await work(); } catch (error) { complain(error.message === "Failed to fetch" ? "Sophia does not answer. Is it still running?" : error.message); return undefined; }
};

// ---- fragments that are fetched again while the page is visible
async function refresh(part) {
  const answer = await fetch(part.dataset.refresh, { credentials: "same-origin" });
  if (!answer.ok) return;
  const html = await answer.text();
  if (html !== part.lastHtml) {
    const focused = part.contains(document.activeElement) ? document.activeElement.dataset.post : null;
    part.innerHTML = html;
    part.lastHtml = html;
    if (focused) part.querySelector(`[data-post="${CSS.escape(focused)}"]`)?.focus();
  }
}
for (const part of document.querySelectorAll("[data-refresh]")) {
  const again = async () => {
    if (!document.hidden) await refresh(part).catch(() => { });
    setTimeout(again, Number(part.dataset.every));
  };
  setTimeout(again, Number(part.dataset.every));
}
const refreshAll = () => Promise.all([...document.querySelectorAll("[data-refresh]")].map(p => refresh(p).catch(() => { })));

// ---- buttons and forms that speak REST
document.addEventListener("click", async event => {
  const button = event.target.closest("button");
  if (!button || button.disabled) return;
  const { post, body, confirm: question, one, bulk } = button.dataset;
  const remove = button.dataset.delete;
  if (!(post || remove || one || bulk)) return;
  if (question && !window.confirm(question)) return;
  button.disabled = true;
  await attempt(async () => {
    if (post) { await call("POST", post, body); await refreshAll(); }
    else if (remove) { await call("DELETE", remove); location.href = button.dataset.then; }
    else await decide(one || bulk, one ? [button.closest("[data-item]").dataset.item] : [...document.querySelectorAll(".choose:checked")].map(c => c.value));
  });
  button.disabled = false;
});

async function decide(decision, ids) {
  if (ids.length === 0) return notice("Choose some items first.");
  const body = { ids: ids.map(Number) };
  if (decision === "discard") {
    body.reason = window.prompt("Why? The reason is kept.");
    if (body.reason === null) return;
  }
  const outcomes = await call("POST", `/api/quarantine/${decision}`, JSON.stringify(body));
  for (const outcome of outcomes) {
    if (outcome.state !== "held") document.querySelector(`[data-item="${outcome.id}"]`)?.remove();
  }
  notice([...new Set(outcomes.map(o => o.detail))].join("\n"));
}
$("#all")?.addEventListener("change", event => document.querySelectorAll(".choose").forEach(c => { c.checked = event.target.checked; }));

document.addEventListener("submit", async event => {
  const form = event.target;
  const data = new FormData(form);
  const errors = $(".errors", form);
  const complain = text => { if (errors) errors.textContent = text; else notice(text); };
  if (form.id === "add-folder") {
    event.preventDefault();
    const name = data.get("name");
    const text = `sources:\n  - type: files\n    path: ${JSON.stringify(data.get("path"))}\n    watch: ${data.get("watch") ? "true" : "false"}\n`;
    await attempt(async () => {
      await call("PUT", `/api/pipelines/${encodeURIComponent(name)}`, text, "application/yaml");
      await call("POST", `/api/pipelines/${encodeURIComponent(name)}/runs`, "{}");
      await refreshAll();
    });
  } else if (form.hasAttribute("data-define")) {
    event.preventDefault();
    complain("");
    await attempt(async () => {
      const view = await call("PUT", `/api/pipelines/${encodeURIComponent(data.get("name"))}`, data.get("definition"), "application/yaml");
      notice(`Saved as version ${view.version}.`);
      await refreshAll();
    }, complain);
  } else if (form.dataset.edit) {
    event.preventDefault();
    complain("");
    await attempt(async () => {
      const outcome = await call("PUT", `/api/quarantine/${form.dataset.edit}`, data.get("payload"));
      if (outcome.state === "held") complain(outcome.reasons.map(r => `${r.field}: expected ${r.expected}`).join("\n") || outcome.detail);
      else { form.closest("[data-item]").remove(); notice(outcome.detail); }
    }, complain);
  }
});

// ---- files dropped on the page
const drop = $("#drop");
async function send(files) {
  const state = $("#drop-state");
  let sent = 0;
  for (const file of files) {
    state.textContent = `Sending ${file.name} (${++sent} of ${files.length}) …`;
    const path = encodeURIComponent(file.webkitRelativePath || file.name);
    if (await attempt(() => call("POST", `/api/inbox?path=${path}&start=${sent === files.length}`, file, "application/octet-stream"), text => { state.textContent = text; }) === undefined) return;
  }
  state.textContent = `${sent} ${sent === 1 ? "file" : "files"} taken into the pipeline "inbox".`;
  await refreshAll();
}
if (drop) {
  drop.addEventListener("dragover", event => { event.preventDefault(); drop.classList.add("over"); });
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", event => { event.preventDefault(); drop.classList.remove("over"); send([...event.dataTransfer.files]); });
  $("#files").addEventListener("change", event => send([...event.target.files]));
}

// ---- asking: the answer is read from the numbered event stream and resumes after the last number seen
const thread = $(".thread");
if (thread) {
  const session = thread.dataset.session;
  const exchanges = $("#exchanges");
  const form = $("#ask-form");
  const stop = $("#stop");
  let last = Number(thread.dataset.last);

  const rerender = async () => {
    const answer = await fetch(`/pages/ask?session=${encodeURIComponent(session)}`, { credentials: "same-origin" });
    if (answer.ok) exchanges.innerHTML = await answer.text();
  };
  const toEnd = () => window.scrollTo({ top: document.body.scrollHeight });

  const show = happened => {
    last = happened.number;
    const answer = exchanges.lastElementChild?.querySelector(".answer");
    if (happened.kind === "text" && answer) { answer.append(happened.text); toEnd(); }
    return happened.kind !== "done" && happened.kind !== "failed" && happened.kind !== "stopped";
  };

  const follow = () => new Promise(resolve => {
    stop.hidden = false;
    let source;
    const finish = async () => { source.close(); stop.hidden = true; await rerender(); toEnd(); resolve(); };
    const open = () => {
      source = new EventSource(`/api/chat/sessions/${encodeURIComponent(session)}/events?after=${last}`);
      const take = message => { const happened = JSON.parse(message.data); if (happened.number > last && !show(happened)) finish(); };
      source.onmessage = take;
      for (const kind of ["question", "started", "text", "done", "failed", "stopped", "feedback"]) source.addEventListener(kind, take);
      source.onerror = () => { source.close(); setTimeout(open, 1000); };
    };
    open();
  });

  form.addEventListener("submit", event => {
    event.preventDefault();
    const box = $("#question");
    const text = box.value.trim();
    if (!text) return;
    const button = $(".primary", form);
    button.disabled = true;
    attempt(async () => {
      const asked = crypto.randomUUID ? crypto.randomUUID() : String(performance.now());
      await call("POST", `/api/chat/sessions/${encodeURIComponent(session)}/questions`, JSON.stringify({ text, operationId: asked }));
      box.value = "";
      $("#hello")?.remove();
      history.replaceState(null, "", `/?session=${encodeURIComponent(session)}`);
      await rerender();
      toEnd();
      await follow();
      box.focus();
    }).finally(() => { button.disabled = false; });
  });
  $("#question").addEventListener("keydown", event => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); form.requestSubmit(); }
  });
  stop.addEventListener("click", () => attempt(() => call("POST", `/api/chat/sessions/${encodeURIComponent(session)}/stop`)));
  exchanges.addEventListener("click", event => {
    const thumb = event.target.closest("[data-mark]");
    if (!thumb) return;
    attempt(async () => {
      await call("POST", `/api/chat/sessions/${encodeURIComponent(session)}/feedback`, JSON.stringify({ question: Number(thumb.parentElement.dataset.feedback), mark: Number(thumb.dataset.mark) }));
      for (const button of thumb.parentElement.children) button.setAttribute("aria-pressed", button === thumb);
    });
  });
  if (thread.dataset.answering) follow();
}
