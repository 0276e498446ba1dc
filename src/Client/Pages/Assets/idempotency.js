// The page of idempotency keys: releasing one is asked about, with a reason that stands in the audit.
"use strict";

document.addEventListener("click", async event => {
  const button = event.target.closest("[data-release-key]");
  if (!button || button.disabled) return;
  const { releaseKey: key, caller, ask } = button.dataset;
  const reason = await sure(ask, true);
  if (reason === null) { button.focus(); return; }
  if (!reason) { notice("Say why: it stands in the audit."); button.focus(); return; }
  button.disabled = true;
  await attempt(async () => {
    await call("POST", "/api/idempotency/key/release", JSON.stringify({ key, caller: caller || undefined, reason, confirm: key }));
    notice("Released: whoever asks next does the work.");
    await renderAgain();
    $("#main").focus({ preventScroll: true });
  });
  button.disabled = false;
});
