// The page of circuit breakers: each action is asked about, with a reason that whoever looks at the breaker is shown.
"use strict";

document.addEventListener("click", async event => {
  const button = event.target.closest("[data-breaker]");
  if (!button || button.disabled) return;
  const reason = await sure(button.dataset.sure, true);
  if (reason === null) { button.focus(); return; }
  if (!reason) { notice("Say why: whoever looks at the breaker is shown the reason."); button.focus(); return; }
  button.disabled = true;
  await attempt(async () => {
    await call("POST", button.dataset.breaker, JSON.stringify({ reason, confirm: button.dataset.confirm }));
    await refreshAll();
    $("#main").focus({ preventScroll: true });
  });
  button.disabled = false;
});
