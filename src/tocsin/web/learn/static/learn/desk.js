// What is typed is kept in this browser until the server has it, and sent when the page is left. Without this the button saves.
(function () {
  "use strict";
  var form = document.getElementById("draft");
  if (!form || form.elements.text.readOnly) return;
  var names = ["text", "addressee", "power", "measure", "by_when", "cost"];
  var key = "tocsin-draft-" + form.dataset.draft;
  var said = document.getElementById("saving");
  var heard = document.getElementById("heard");
  var waiting = false;
  var sent = "";
  var again = 0;
  function words() {
    var out = {};
    names.forEach(function (n) { out[n] = form.elements[n].value; });
    return out;
  }
  function say(text) { if (said.textContent !== text) said.textContent = text; }
  function keep() {
    var kept = words();
    kept.version = form.elements.version.value;
    try { localStorage.setItem(key, JSON.stringify(kept)); } catch (e) { /* full or forbidden: the server still gets it */ }
  }
  function forget() {
    waiting = false;
    try { localStorage.removeItem(key); } catch (e) { /* nothing to remove */ }
  }
  function send() { if (waiting) form.dispatchEvent(new Event("change", { bubbles: true })); }
  function later() { clearTimeout(again); again = setTimeout(send, 5000); }

  var left = null;
  try { left = JSON.parse(localStorage.getItem(key)); } catch (e) { left = null; }
  if (left) {
    names.forEach(function (n) { if (typeof left[n] === "string") form.elements[n].value = left[n]; });
    // of the version from which it was typed: where somebody saved since, the server keeps both apart
    if (left.version) form.elements.version.value = left.version;
    waiting = true;
    say("What was typed before the connection broke is here again. It is being saved.");
    window.addEventListener("load", send);
  }
  form.addEventListener("input", function () { waiting = true; keep(); say("Not saved yet."); });
  document.body.addEventListener("htmx:beforeRequest", function (event) {
    if (event.detail.elt === form) { sent = JSON.stringify(words()); say("Saving ..."); }
  });
  document.body.addEventListener("htmx:beforeOnLoad", function (event) {
    if (event.detail.elt !== form) return;
    var answer = event.detail.xhr;
    // kept as a draft of its own, to which the browser goes now: nothing is left to send
    if (answer.getResponseHeader("HX-Redirect")) { forget(); return; }
    if (answer.status < 400 && answer.responseText.indexOf('id="advice"') < 0) {
      event.preventDefault();
      say("It was not saved: you are signed out. What you typed is kept in this browser. Sign in in another window, then load this page again.");
    }
  });
  document.body.addEventListener("htmx:afterSwap", function (event) {
    if (event.detail.target.id !== "advice") return;
    var advice = document.getElementById("advice");
    form.elements.version.value = advice.dataset.version;
    var made = document.getElementById("made");
    // heard once, and only where it says something new
    if (heard && made && heard.textContent !== made.textContent) heard.textContent = made.textContent;
    if (JSON.stringify(words()) === sent) { forget(); say("Saved."); } else { keep(); say("Not saved yet."); }
  });
  document.body.addEventListener("htmx:sendError", function (event) {
    if (event.detail.elt !== form) return;
    say("It could not be saved. What you typed is kept in this browser and sent again.");
    later();
  });
  document.body.addEventListener("htmx:responseError", function (event) {
    if (event.detail.elt !== form) return;
    if (event.detail.xhr.status >= 500) { say("It could not be saved. What you typed is kept in this browser and sent again."); later(); return; }
    // it has ended, or somebody signed in anew since: what is kept here is there again on the page as it is now
    say("It was not saved. What you typed is kept in this browser; load the page again.");
  });
  window.addEventListener("online", send);
  window.addEventListener("pagehide", function () {
    if (waiting) fetch(form.action, { method: "POST", body: new FormData(form), keepalive: true, credentials: "same-origin" });
  });
})();
