// The page of limits: each action is asked about, with a reason that whoever looks at it is shown.
"use strict";

document.addEventListener("submit", async event => {
  const form = event.target.closest("[data-limit-set]");
  if (!form) return;
  event.preventDefault();
  const { limit, window: within, burst, because } = form.elements;
  const [errors, button] = [$(".errors", form), $(".primary", form)];
  errors.textContent = "";
  if (await sure(form.dataset.ask, false) === null) { button.focus(); return; }
  button.disabled = true;
  await attempt(async () => {
    await call("POST", form.dataset.limitSet, JSON.stringify({ limit: Number(limit.value), windowSeconds: within && Number(within.value), burst: burst && Number(burst.value), reason: because.value.trim(), confirm: form.dataset.confirm }));
    notice("Set.");
    await refreshAll();
    $("#main").focus({ preventScroll: true });
  }, text => { errors.textContent = text; });
  button.disabled = false;
});

document.addEventListener("click", async event => {
  const button = event.target.closest("[data-limit-word], [data-limit-release]");
  if (!button || button.disabled) return;
  const { limitWord, limitRelease, confirm } = button.dataset;
  const reason = await sure(button.dataset.ask, true);
  if (reason === null) { button.focus(); return; }
  if (!reason) { notice("Say why: whoever looks at it is shown the reason."); button.focus(); return; }
  button.disabled = true;
  await attempt(async () => {
    await call("POST", limitWord ?? limitRelease, JSON.stringify(limitRelease ? { of: confirm, reason, confirm } : { reason, confirm }));
    await refreshAll();
    $("#main").focus({ preventScroll: true });
  });
  button.disabled = false;
});
