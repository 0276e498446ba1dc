// A record's page: looks what an erasure would take, asks, erases, and waits for its end.
"use strict";

const ERASURE_LOOK_MS = 400;

async function erasureOnce(is) {
  for (;;) {
    const view = await call("GET", "/api/records/erasures");
    if (is(view)) return view;
    await new Promise(resolve => setTimeout(resolve, ERASURE_LOOK_MS));
  }
}

const many = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;

function erasureQuestion(plan) {
  const streams = plan.streams.map(stream => `${many(stream.records, "record")} with ${many(stream.versions, "version")} of ${stream.stream}`);
  const items = plan.items > 0 ? [many(plan.items, "quarantined item")] : [];
  return `Erase for good: ${[...streams, ...items].join(", ")}? Not reached: ${plan.untouched.join(" ")}`;
}

document.addEventListener("click", async event => {
  const button = event.target.closest("[data-erase]");
  if (!button || button.disabled) return;
  const status = $("#erase-status");
  const { stream, key } = button.dataset;
  button.disabled = true;
  await attempt(async () => {
    status.textContent = "Looking what would be erased …";
    const asked = await call("POST", "/api/records/erasures", JSON.stringify({ records: [{ stream, key }] }));
    const { current: plan } = await erasureOnce(view => view.current?.id !== asked.id || ["planned", "refused"].includes(view.current.phase));
    if (plan?.id !== asked.id) throw new Error("Somebody else plans an erasure: look again later.");
    if (plan.phase === "refused") throw new Error(plan.waitsFor);
    if (await sure(erasureQuestion(plan), false) === null) {
      await call("DELETE", "/api/records/erasures");
      status.textContent = "";
      return;
    }
    await call("POST", "/api/records/erasures/apply", JSON.stringify({ token: plan.token }));
    status.textContent = "It is erased. This goes on if you leave the page.";
    await erasureOnce(view => view.current?.id !== asked.id);
    location.assign(`/records?stream=${encodeURIComponent(stream)}`);
  }, text => { status.textContent = text; });
  button.disabled = false;
});
