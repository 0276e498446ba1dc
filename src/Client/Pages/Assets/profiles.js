// Deciding about suggested rules: which are switched on, into which pipeline, and which are suggested no more.
"use strict";

document.addEventListener("click", async event => {
  const button = event.target.closest("[data-decide]");
  if (!button || button.disabled) return;
  const form = button.closest("form");
  const errors = $(".errors", form);
  const data = new FormData(form);
  const ids = data.getAll("id");
  errors.textContent = "";
  if (ids.length === 0) { errors.textContent = "Choose some rules first."; return; }
  const accepts = button.dataset.decide === "accept";
  const rules = ids.length === 1 ? "this rule" : `these ${ids.length} rules`;
  const reason = await sure(accepts ? `Switch ${rules} on? The definition of “${data.get("pipeline")}” gets a new version, and what breaks ${ids.length === 1 ? "it" : "them"} is ${data.get("level") === "error" ? "held back from then on" : "flagged"}.`
    : `Suggest ${rules} no more?`, !accepts);
  if (reason === null) { button.focus(); return; }
  if (!accepts && reason === "") { errors.textContent = "Say why: the reason is kept."; button.focus(); return; }
  button.disabled = true;
  await attempt(async () => {
    const body = accepts ? { ids, pipeline: data.get("pipeline"), level: data.get("level") } : { ids, reason };
    const outcome = await call("POST", `/api/streams/${encodeURIComponent(form.dataset.suggestions)}/suggestions/${button.dataset.decide}`, JSON.stringify(body));
    notice(accepts ? `“${outcome.pipeline}” has version ${outcome.version}, with ${outcome.accepted.length === 1 ? "one rule" : `${outcome.accepted.length} rules`} more.` : `${outcome.accepted.length} dismissed.`);
    await refreshAll();
    $("#suggestions").scrollIntoView({ block: "nearest" });
    $("#main").focus({ preventScroll: true });
  }, text => { errors.textContent = text; });
  button.disabled = false;
});
