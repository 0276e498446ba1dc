// Holding and releasing a level: asked before, because it counts for everybody of the tenant or of the installation.
"use strict";

const of = () => $(".whose")?.dataset.of; // Another tenant than one's own, or undefined.
const about = path => of() ? `${path}?tenant=${encodeURIComponent(of())}` : path;
const named = () => of() ? `the tenant ${of()}` : "this tenant";

$("#hold-level")?.addEventListener("submit", async event => {
  event.preventDefault();
  const form = event.target;
  const { level, because, minutes, of: whose } = form.elements;
  const [errors, button] = [$(".errors", form), $(".primary", form)];
  const system = whose?.value === "system";
  errors.textContent = "";
  if (await sure(`Hold ${system ? "the whole installation" : named()} at “${level.value}” for ${minutes.value} minutes?`, false) === null) { button.focus(); return; }
  button.disabled = true;
  await attempt(async () => {
    await call("POST", about("/api/degradation/hold"), JSON.stringify({ level: level.value, because: because.value.trim(), minutes: Number(minutes.value), system, confirm: system ? "system" : form.dataset.tenant }));
    because.value = "";
    notice(`Held at “${level.value}”.`);
    await refreshAll();
  }, text => { errors.textContent = text; });
  button.disabled = false;
});

document.addEventListener("click", async event => {
  const button = event.target.closest("[data-release]");
  if (!button || button.disabled) return;
  const system = button.dataset.release === "system";
  const reason = await sure(`Give the level of ${system ? "the whole installation" : named()} back to the rules?`, true);
  if (reason === null) { button.focus(); return; }
  if (!reason) { notice("Say why: it stands in the audit."); button.focus(); return; }
  button.disabled = true;
  await attempt(async () => {
    await call("POST", system ? "/api/degradation/release" : about("/api/degradation/release"), JSON.stringify({ because: reason, system, confirm: button.dataset.confirm }));
    notice("The rules decide again.");
    await refreshAll();
  });
  button.disabled = false;
});
