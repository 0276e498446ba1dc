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
