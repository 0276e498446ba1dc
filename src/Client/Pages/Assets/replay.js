// A replay: asked for page by page, counted and shown as it comes, until its end or until somebody cancels.
"use strict";

const replayForm = $("#replay");
const replayResult = $("#replay-result");
const replayStop = $("#replay-stop");
const MOST_SHOWN = 100; // Differences; the counts go on.
const MOST_REPLAYED = 1_000_000;

let replaying = null;

const moment = text => text ? new Date(text).toISOString() : undefined;

async function replayPart(body, signal) {
  const answer = await fetch(replayForm.dataset.replay, { method: "POST", credentials: "same-origin", signal, body: JSON.stringify(body), headers: { "Content-Type": "application/json" } });
  if (!answer.ok) {
    const problem = await answer.json().catch(() => null);
    throw new Error([problem?.detail || problem?.title || `Sophia answered ${answer.status}.`, ...(problem?.errors || [])].join("\n"));
  }
  return $("[data-replayed]", new DOMParser().parseFromString(await answer.text(), "text/html"));
}

function takeCounts(part) {
  let taken = 0;
  for (const count of $$("[data-counted]", part)) {
    const shown = $(`[data-outcome="${count.dataset.counted}"]`, replayResult);
    const cell = $("dd", shown);
    cell.dataset.records = Number(cell.dataset.records || 0) + Number(count.value);
    cell.textContent = Number(cell.dataset.records).toLocaleString("en");
    shown.hidden = false;
    taken += Number(count.value);
  }
  return taken;
}

function ended(how, looked) {
  const kept = $("[data-outcome=SourceNotKept]", replayResult);
  const without = kept.hidden ? 0 : Number($("dd", kept).dataset.records);
  const trouble = without === 0 ? "" : without === looked
    ? " None could be taken through the transforms: what their source said is not kept, because the stream masks values. Their rules were asked alone."
    : ` ${without.toLocaleString("en")} could not be taken through the transforms: what their source said is not kept, because the stream masks values.`;
  $("#replay-state").textContent = `${how} ${looked.toLocaleString("en")} ${looked === 1 ? "record" : "records"}.${trouble}`;
}

async function replay(data) {
  const text = $("[name=definition]");
  const request = {
    run: data.get("run") || undefined, stream: data.get("stream").trim() || undefined, key: data.get("key").trim() || undefined,
    from: moment(data.get("from")), until: moment(data.get("until")), definition: data.get("edited") ? text.value : undefined,
  };
  const progress = $("progress", replayResult);
  const differences = $("#replay-differences");
  differences.replaceChildren();
  for (const cell of $$("[data-outcome] dd", replayResult)) { cell.dataset.records = "0"; cell.closest("[data-outcome]").hidden = true; }
  progress.removeAttribute("value");
  progress.hidden = false;
  $("#replay-state").textContent = "Replaying";
  replayResult.hidden = false;
  let looked = 0;
  try {
    while (true) {
      const part = await replayPart(request, replaying.signal);
      if (part.dataset.total) progress.max = Math.max(1, Number(part.dataset.total));
      looked += takeCounts(part);
      if (progress.hasAttribute("max")) progress.value = Math.min(looked, progress.max);
      for (const difference of $$(".sample", part)) if (differences.childElementCount < MOST_SHOWN) differences.append(document.importNode(difference, true));
      $("#replay-state").textContent = `Replayed ${looked.toLocaleString("en")} records so far`;
      if (!part.dataset.next) { ended("Replayed", looked); return; }
      if (looked >= MOST_REPLAYED) { ended("Stopped: narrow it by time or run. Replayed", looked); return; }
      request.after = part.dataset.next;
    }
  } catch (error) {
    if (error.name !== "AbortError") { replayResult.hidden = looked === 0; throw error; }
    ended("Cancelled after", looked);
  } finally {
    progress.hidden = true;
    progress.removeAttribute("max");
  }
}

replayForm?.addEventListener("submit", async event => {
  event.preventDefault();
  const errors = $(".errors", replayForm);
  const button = $(".primary", replayForm);
  errors.textContent = "";
  replaying = new AbortController();
  button.disabled = true;
  replayStop.hidden = false;
  await attempt(() => replay(new FormData(replayForm)), text => { errors.textContent = text; });
  button.disabled = false;
  replayStop.hidden = true;
  replaying = null;
});

replayStop?.addEventListener("click", () => replaying?.abort());
