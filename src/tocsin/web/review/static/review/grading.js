// The grading is saved as it is written. What the server has not confirmed yet stays on this device, and is sent again until it is.
(function () {
  "use strict";
  document.querySelectorAll("[data-forget]").forEach(function (e) {
    // a grading that is final has nothing left on this device
    try { localStorage.removeItem("tocsin-grading-" + e.dataset.forget); } catch (error) { /* forbidden */ }
  });
  var form = document.getElementById("grading");
  if (!form) return;
  var saying = document.getElementById("saving");
  var key = "tocsin-grading-" + form.dataset.key;
  var field = function (name) { return form.elements.namedItem(name); };
  var tab = Math.random().toString(36).slice(2) + Date.now().toString(36);
  var count = 0, dirty = false, sending = false, waits = 1000, timer = null, stuck = false, over = false;
  var own = ["csrfmiddlewaretoken", "version", "tab", "count", "over"];
  field("tab").value = tab;

  function say(words, here) {
    saying.textContent = words;
    saying.parentElement.classList.toggle("tocsin-kept-here", Boolean(here));
  }
  function content() {
    var found = [];
    new FormData(form).forEach(function (value, name) {
      if (own.indexOf(name) < 0 && value !== "") found.push([name, value]);
    });
    return found;
  }
  function fill(pairs) {
    var of = {};
    pairs.forEach(function (p) { of[p[0]] = p[1]; });
    Array.prototype.forEach.call(form.elements, function (e) {
      if (!e.name || own.indexOf(e.name) >= 0 || e.type === "submit" || e.type === "button") return;
      if (e.type === "radio" || e.type === "checkbox") e.checked = of[e.name] === e.value;
      else e.value = of[e.name] || "";
      if (of[e.name]) opened(e);
    });
  }
  function opened(e) {
    for (var d = e.closest("details"); d; d = d.parentElement.closest("details")) d.open = true;
  }
  function shown() {
    // what was said of a standard stands beside its title also while it is closed
    form.querySelectorAll("[data-of]").forEach(function (e) {
      var chosen = form.querySelector('input[name="s:' + CSS.escape(e.dataset.of) + ':verdict"]:checked');
      e.textContent = chosen ? chosen.parentElement.textContent.trim() : "Not judged";
    });
  }
  function keepHere() {
    try { localStorage.setItem(key, JSON.stringify({ version: field("version").value, content: content() })); } catch (e) { /* full or forbidden */ }
  }
  function forgetHere() {
    try { localStorage.removeItem(key); } catch (e) { /* forbidden */ }
  }
  function later(ms) {
    clearTimeout(timer);
    timer = setTimeout(send, ms);
  }
  function changed() {
    dirty = true;
    keepHere();
    if (!stuck) {
      say("Saving ...");
      later(800);
    }
  }
  function retry(words) {
    dirty = true;
    say(words + " What you wrote is kept on this device, and sent again.", true);
    waits = Math.min(waits * 2, 30000);
    later(waits);
  }
  function send() {
    if (sending || !dirty || stuck) return;
    sending = true;
    dirty = false;
    count += 1;
    field("count").value = count;
    var body = new URLSearchParams(new FormData(form));
    if (over) body.set("over", "yes");
    fetch(form.dataset.save, { method: "POST", body: body, credentials: "same-origin", redirect: "manual" }).then(function (answer) {
      sending = false;
      if (answer.type === "opaqueredirect") { retry("You are signed out: sign in in another window."); return null; }
      if (answer.status >= 500) { retry("The server does not answer."); return null; }
      return answer.json().then(function (said) { took(answer.status, said); });
    }).catch(function () {
      sending = false;
      retry("There is no connection.");
    });
  }
  function took(status, said) {
    if (status === 200) {
      field("version").value = said.version;
      waits = 1000;
      over = false;
      if (dirty) { later(300); return; }
      forgetHere();
      say("Saved at " + said.saved + ".");
    } else if (status === 409) {
      dirty = stuck = true;
      var other = document.getElementById("elsewhere");
      document.getElementById("elsewhere-words").textContent = said.problem + " There: grade " + (said.content.grade || "none") + ". " + (said.content.words || "");
      other.hidden = false;
      document.getElementById("take-mine").onclick = function () {
        field("version").value = said.version;
        over = true; stuck = false; other.hidden = true;
        send();
      };
      document.getElementById("take-other").onclick = function () { dirty = false; forgetHere(); window.location.reload(); };
      say("Not saved: choose which text counts.", true);
    } else {
      dirty = true;
      say(said.problem || "It was not saved.", true);
    }
  }

  try {
    var kept = JSON.parse(localStorage.getItem(key) || "null");
    if (kept && JSON.stringify(kept.content) !== JSON.stringify(content())) {
      fill(kept.content);
      field("version").value = kept.version;
      dirty = true;
      say("What was not sent before is back on the page.");
      later(100);
    } else { forgetHere(); }
  } catch (e) { /* nothing kept */ }

  shown();
  form.addEventListener("input", changed);
  form.addEventListener("change", function () { shown(); changed(); });
  document.addEventListener("keydown", function (event) {
    var only = !event.shiftKey && !event.metaKey;
    if ((event.ctrlKey || event.metaKey) && !event.altKey && event.code === "KeyS") { event.preventDefault(); dirty = true; later(0); return; }
    if (!event.altKey || event.ctrlKey || !only) return;
    if (event.code === "KeyJ" || event.code === "KeyK") step(event.code === "KeyJ" ? 1 : -1);
    else if (event.code === "KeyG") (form.querySelector('input[name="grade"]:checked') || form.querySelector('input[name="grade"]')).focus();
    else if (event.code === "KeyB") field("words").focus();
    else return;
    event.preventDefault();
  });
  function step(by) {
    var all = Array.prototype.slice.call(form.querySelectorAll(".tocsin-one"));
    var here = document.activeElement.closest(".tocsin-one"), at = all.indexOf(here);
    var next = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : at + by];
    if (!next) return;
    opened(next.querySelector("input"));
    next.querySelector('input[type="radio"]:checked, input[type="radio"]').focus();
  }
  form.addEventListener("submit", function () {
    clearTimeout(timer);
    count += 1;
    field("count").value = count;
    // if the page that follows does not come, the text is still here; if it does, the server has it, and it is forgotten then
    keepHere();
    stuck = true;
  });
  window.addEventListener("online", function () { waits = 1000; later(0); });
  window.addEventListener("pageshow", function (event) { if (event.persisted) window.location.reload(); });
  window.addEventListener("beforeunload", function (event) { if (dirty && !stuck) event.preventDefault(); });
})();
