// The tour over the sample: which step somebody is at is remembered by the browser, for each tenant by itself.
"use strict";

const tour = $("#tour");
const place = `sophia-tour-${tour.dataset.tenant}`;

const stepOf = () => { try { return localStorage.getItem(place); } catch { return null; } };
const goTo = step => { try { localStorage.setItem(place, step); } catch { /* A browser that remembers nothing shows no tour. */ } };

function showTour(takesFocus) {
  const at = stepOf();
  const steps = $$("[data-step]", tour);
  for (const step of steps) {
    step.hidden = step.dataset.step !== at;
    $("h2", step).toggleAttribute("id", false);
    if (!step.hidden) $("h2", step).id = "tour-title";
    $(".stray", step).hidden = step.dataset.path === location.pathname;
  }
  tour.hidden = !steps.some(step => !step.hidden);
  if (!tour.hidden && takesFocus) $("#tour-title").focus();
}

document.addEventListener("click", async event => {
  const button = event.target.closest("[data-tour], [data-sample], [data-unsample]");
  if (!button || button.disabled) return;
  const removes = button.hasAttribute("data-unsample");
  if (removes || button.hasAttribute("data-sample")) {
    if (removes && await sure("Remove the sample? Its records are deleted and its pipeline is forgotten.", false) === null) { button.focus(); return; }
    button.disabled = true;
    button.setAttribute("aria-busy", "true");
    await attempt(async () => {
      await call(removes ? "DELETE" : "POST", "/api/sample");
      goTo(removes ? "done" : "1");
      if (!removes) sessionStorage.setItem(place, "moved");
      location.assign("/pipelines");
    });
    button.disabled = false;
    button.removeAttribute("aria-busy");
    return;
  }
  goTo(button.dataset.tour);
  if (button.href) sessionStorage.setItem(place, "moved");
  else showTour(false);
  if (tour.hidden) $("#main").focus({ preventScroll: true });
});

tour.addEventListener("keydown", event => {
  if (event.key !== "Escape") return;
  goTo("done");
  showTour(false);
  $("#main").focus({ preventScroll: true });
});

showTour(sessionStorage.getItem(place) === "moved");
sessionStorage.removeItem(place);
