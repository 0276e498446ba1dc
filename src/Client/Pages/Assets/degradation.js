// Holding and releasing a level: asked before, because it counts for everybody of the tenant or of the installation.
"use strict";

$("#hold-level")?.addEventListener("submit", async event => {
  event.preventDefault();
  const form = event.target;
  const { level, because, minutes, of } = form.elements;
  const [errors, button] = [$(".errors", form), $(".primary", form)];
  const system = of?.value === "system";
  errors.textContent = "";
  if (await sure(`Hold ${system ? "the whole installation" : "this tenant"} at “${level.value}” for ${minutes.value} minutes?`, false) === null) { button.focus(); return; }
  button.disabled = true;
  await attempt(async () => {
    await call("POST", "/api/degradation/hold", JSON.stringify({ level: level.value, because: because.value.trim(), minutes: Number(minutes.value), system, confirm: system ? "system" : form.dataset.tenant }));
    because.value = "";
    notice(`Held at “${level.value}”.`);
    await refreshAll();
  }, text => { errors.textContent = text; });
  button.disabled = false;
});

document.addEventListener("click", async event => {
  const button = event.target.closest("[data-release]");
  if (!button || button.disabled) return;
  const reason = await sure("Give the level back to the rules?", true);
  if (reason === null) { button.focus(); return; }
  if (!reason) { notice("Say why: it stands in the audit."); button.focus(); return; }
  button.disabled = true;
  await attempt(async () => {
    await call("POST", "/api/degradation/release", JSON.stringify({ because: reason, system: button.dataset.release === "system", confirm: button.dataset.confirm }));
    notice("The rules decide again.");
    await refreshAll();
  });
  button.disabled = false;
});
