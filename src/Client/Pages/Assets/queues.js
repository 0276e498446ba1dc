// The page of queues and dead letters: holds, lets go, brings back, mends, gives up, replays. Every step is asked about first, with a reason that stands in the audit.
"use strict";

// What follows an address so that it speaks of the tenant that is looked at, where that is not one's own.
const about = path => $(".whose")?.dataset.of ? `${path}?tenant=${encodeURIComponent($(".whose").dataset.of)}` : path;

async function afterDeed(told) {
  notice(told);
  await renderAgain();
  $("#main").focus({ preventScroll: true });
}

function changed(outcomes, verb) {
  const done = outcomes.filter(outcome => outcome.changed).length;
  return `${done} of ${outcomes.length} ${verb}.${done < outcomes.length ? " The others are not where that can be done." : ""}`;
}

const deeds = {
  async hold(button, reason) {
    await call("POST", about("/api/queue/hold"), JSON.stringify({ queue: button.dataset.hold || undefined, reason, confirm: button.dataset.hold || "all" }));
    await afterDeed(button.dataset.hold ? `“${button.dataset.hold}” is held.` : "All queues are held.");
  },
  async letGo(button, reason) {
    await call("POST", about("/api/queue/let-go"), JSON.stringify({ queue: button.dataset.letGo || undefined, reason, confirm: button.dataset.letGo || "all" }));
    await afterDeed(button.dataset.letGo ? `“${button.dataset.letGo}” goes on.` : "All queues go on.");
  },
  async dead(button, reason) {
    const verb = button.dataset.dead || button.dataset.deadChosen;
    const chosen = button.dataset.dead ? [button.closest("[data-item]").dataset.item] : $$(".choose:checked").map(choice => choice.value);
    if (chosen.length === 0) { notice("Choose some items first."); return; }
    const outcomes = await call("POST", about(`/api/dead/${verb}`), JSON.stringify({ ids: chosen.map(Number), reason, confirm: String(chosen.length) }));
    await afterDeed(changed(outcomes, { revive: "brought back", purge: "given up", quarantine: "quarantined" }[verb]));
  },
  async stop(button, reason) {
    await call("POST", about("/api/dead/replay/stop"), JSON.stringify({ reason, confirm: button.dataset.stopReplay }));
    await refreshAll();
  },
};

const deedOf = button => "hold" in button.dataset ? deeds.hold : "letGo" in button.dataset ? deeds.letGo : "dead" in button.dataset || "deadChosen" in button.dataset ? deeds.dead : "stopReplay" in button.dataset ? deeds.stop : null;

// The reason, or null where the answer is no, or none is given.
async function why(button, question) {
  const reason = await sure(question, true);
  if (reason === "") notice("Say why: it stands in the audit.");
  if (!reason) button.focus();
  return reason || null;
}

document.addEventListener("click", async event => {
  const button = event.target.closest("button");
  const deed = button && !button.disabled && deedOf(button);
  if (!deed) return;
  const reason = await why(button, button.dataset.ask);
  if (!reason) return;
  button.disabled = true;
  await attempt(() => deed(button, reason));
  button.disabled = false;
});

document.addEventListener("submit", async event => {
  const form = event.target;
  if (!form.dataset.deadEdit) return;
  event.preventDefault();
  const [errors, button] = [$(".errors", form), $(".primary", form)];
  errors.textContent = "";
  const [id, reason] = [form.dataset.deadEdit, await why(button, `Replace the payload of item ${form.dataset.deadEdit}?`)];
  if (!reason) return;
  button.disabled = true;
  await attempt(async () => {
    await call("PUT", `/api/dead/${id}?reason=${encodeURIComponent(reason)}&confirm=${id}`, new FormData(form).get("payload"));
    await afterDeed("The payload is saved. Bring the item back to try it.");
  }, text => { errors.textContent = text; });
  button.disabled = false;
});

document.addEventListener("click", async event => {
  const button = event.target.closest("[data-replay-dead]");
  if (!button || button.disabled) return;
  const form = button.closest("form");
  const [errors, outcome] = [$(".errors", form), $(".outcome", form)];
  const { canary, mostAtOnce, stop } = form.elements;
  const dryRun = button.dataset.replayDead === "try";
  errors.textContent = outcome.textContent = "";
  if (!form.reportValidity()) { button.focus(); return; }
  const reason = dryRun ? undefined : await why(button, "Replay all that the filter takes, step by step?");
  if (reason === null) return;
  button.disabled = true;
  await attempt(async () => {
    const { queue, kind, cause, error } = form.dataset;
    const view = await call("POST", about("/api/dead/replay"), JSON.stringify({ queue: queue || undefined, kind: kind || undefined, cause: cause || undefined, error: error || undefined, dryRun,
      canary: Number(canary.value), mostAtOnce: Number(mostAtOnce.value), stopShare: Number(stop.value) / 100, reason, confirm: queue || "all" }));
    if (dryRun) outcome.textContent = `It would take ${view.taken} ${view.taken === 1 ? "item" : "items"}, ${Math.min(view.taken, Number(canary.value))} of them first.`;
    else await refreshAll();
  }, text => { errors.textContent = text; });
  button.disabled = false;
});
