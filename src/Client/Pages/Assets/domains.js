// The page of failure domains: each decision about a containment is asked about, with a reason that is shown and audited.
"use strict";

document.addEventListener("click", async event => {
  const button = event.target.closest("[data-containment]");
  if (!button || button.disabled) return;
  const because = await sure(button.dataset.sure, true);
  if (because === null) { button.focus(); return; }
  if (!because) { notice("Say why: the reason is shown and audited."); button.focus(); return; }
  button.disabled = true;
  await attempt(async () => {
    await call("POST", button.dataset.containment, JSON.stringify({ because, confirm: button.dataset.confirm }));
    await refreshAll();
    $("#main").focus({ preventScroll: true });
  });
  button.disabled = false;
});

document.addEventListener("submit", async event => {
  const form = event.target.closest("[data-contain]");
  if (!form) return;
  event.preventDefault();
  const { strategy, because, minutes } = form.elements;
  const [errors, button] = [$(".errors", form), $("button", form)];
  errors.textContent = "";
  const chosen = strategy.selectedOptions[0];
  if (await sure(`${chosen.textContent} for ${minutes.value} minutes? ${chosen.dataset.means}`, false) === null) { button.focus(); return; }
  button.disabled = true;
  await attempt(async () => {
    await call("POST", "/api/domains/containments", JSON.stringify({ node: form.dataset.contain, strategy: strategy.value, because: because.value.trim(), minutes: Number(minutes.value), confirm: form.dataset.contain }));
    because.value = "";
    notice("It is being done.");
    await refreshAll();
    $("#main").focus({ preventScroll: true });
  }, text => { errors.textContent = text; });
  button.disabled = false;
});
