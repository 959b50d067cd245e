// A form is not sent while there is no network: the page stays as it is, with what was written, and says so. Without this script, or where the
// network goes later, the browser's own page says it; a form that is sent again is done once, because it carries its number.
(function () {
  "use strict";
  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (navigator.onLine || form.method !== "post" || !form.querySelector("input[name=request]")) return;
    event.preventDefault();
    var box = form.querySelector(".tocsin-not-sent");
    if (!box) {
      box = document.createElement("div");
      box.className = "nhsuk-error-summary tocsin-not-sent";
      box.setAttribute("role", "alert");
      box.tabIndex = -1;
      form.prepend(box);
    }
    box.textContent = "There is no connection, so nothing was sent and nothing was changed. What you wrote is still here. Send it again when there is one.";
    box.focus();
  });
  addEventListener("online", function () {
    document.querySelectorAll(".tocsin-not-sent").forEach(function (box) { box.remove(); });
  });
})();
