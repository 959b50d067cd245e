// What is typed is kept in this browser until the server has it, and sent when the page is left. Without this the button saves.
(function () {
  "use strict";
  var form = document.getElementById("draft");
  if (!form) return;
  var names = ["text", "addressee", "power", "measure", "by_when", "cost"];
  var key = "tocsin-draft-" + form.dataset.draft;
  var said = document.getElementById("saving");
  var waiting = false;
  function words() {
    var out = {};
    names.forEach(function (n) { out[n] = form.elements[n].value; });
    return out;
  }
  function say(text) { if (said.textContent !== text) said.textContent = text; }
  function keep() {
    try { localStorage.setItem(key, JSON.stringify(words())); } catch (e) { /* full or forbidden: the server still gets it */ }
  }
  var left = null;
  try { left = JSON.parse(localStorage.getItem(key)); } catch (e) { left = null; }
  if (left && !form.elements.text.readOnly) {
    names.forEach(function (n) { if (typeof left[n] === "string") form.elements[n].value = left[n]; });
    waiting = true;
    say("What was typed before the connection broke is here again. It is being saved.");
    window.addEventListener("load", function () { form.dispatchEvent(new Event("change", { bubbles: true })); });
  }
  form.addEventListener("input", function () { waiting = true; keep(); say("Not saved yet."); });
  var sent = "";
  document.body.addEventListener("htmx:beforeRequest", function (event) {
    if (event.detail.elt === form) { sent = JSON.stringify(words()); say("Saving ..."); }
  });
  document.body.addEventListener("htmx:afterSwap", function (event) {
    if (event.detail.target.id !== "advice") return;
    var advice = document.getElementById("advice");
    form.elements.version.value = advice.dataset.version;
    if (JSON.stringify(words()) === sent) {
      waiting = false;
      try { localStorage.removeItem(key); } catch (e) { /* nothing to remove */ }
      say("Saved.");
    } else {
      say("Not saved yet.");
    }
  });
  function failed(event) {
    if (event.detail.elt !== form) return;
    say("It could not be saved. What you typed is kept in this browser and sent again.");
    setTimeout(function () { if (waiting) form.dispatchEvent(new Event("change", { bubbles: true })); }, 5000);
  }
  document.body.addEventListener("htmx:sendError", failed);
  document.body.addEventListener("htmx:responseError", failed);
  window.addEventListener("pagehide", function () {
    if (waiting) fetch(form.action, { method: "POST", body: new FormData(form), keepalive: true, credentials: "same-origin" });
  });
})();
