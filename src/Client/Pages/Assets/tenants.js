// The page of tenants: creates one and shows its owner's key once, asks for the reason of a suspension.
"use strict";

const shownKey = $("#new-key");

$("#new-tenant").addEventListener("submit", async event => {
  event.preventDefault();
  const form = event.target;
  const [button, errors, data] = [$(".primary", form), $(".errors", form), new FormData(form)];
  errors.textContent = "";
  button.disabled = true;
  await attempt(async () => {
    const key = await call("POST", "/api/tenants", JSON.stringify({ tenant: data.get("tenant"), displayName: data.get("displayName").trim() }));
    form.reset();
    $("strong", shownKey).textContent = data.get("tenant");
    $("code", shownKey).textContent = key.secret;
    shownKey.hidden = false;
    $("code", shownKey).focus();
    await refreshAll();
  }, text => { errors.textContent = text; });
  button.disabled = false;
});

shownKey.addEventListener("click", async event => {
  if (event.target.closest("[data-copy]"))
    await navigator.clipboard.writeText($("code", shownKey).textContent).then(() => notice("The key is copied."), () => notice("The browser does not let the key be copied: mark it and copy it yourself."));
  else if (event.target.closest("[data-forget]")) {
    $("code", shownKey).textContent = "";
    shownKey.hidden = true;
    $("#new-tenant input").focus();
  }
});

document.addEventListener("click", async event => {
  const button = event.target.closest("[data-delete-tenant]");
  if (!button || button.disabled) return;
  const [name, label] = [button.dataset.deleteTenant, $("#sure label").firstChild];
  label.data = `Write ${name} to confirm `;
  const confirm = await sure(button.dataset.sure, true);
  label.data = "Reason ";
  if (confirm === null) { button.focus(); return; }
  button.disabled = true;
  await attempt(async () => {
    await call("POST", `/api/tenants/${name}/delete`, JSON.stringify({ confirm }));
    await refreshAll();
    $("#main").focus({ preventScroll: true });
  });
  button.disabled = false;
});

document.addEventListener("click", async event => {
  const button = event.target.closest("[data-suspend]");
  if (!button || button.disabled) return;
  const reason = await sure(button.dataset.sure, true);
  if (reason === null) { button.focus(); return; }
  if (!reason) { notice("Say why: the tenant's people are told the reason."); button.focus(); return; }
  button.disabled = true;
  await attempt(async () => {
    await call("POST", `/api/tenants/${button.dataset.suspend}/suspend`, JSON.stringify({ reason }));
    await refreshAll();
    $("#main").focus({ preventScroll: true });
  });
  button.disabled = false;
});
