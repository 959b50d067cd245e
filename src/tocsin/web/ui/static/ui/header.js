// Without this the header's groups open and close by themselves too; with it, also by Escape and by going elsewhere on the page.
(function () {
  "use strict";
  function close(but) {
    document.querySelectorAll(".tocsin-rooms details[open]").forEach(function (group) {
      if (group !== but) group.open = false;
    });
  }
  document.addEventListener("click", function (event) {
    close(event.target.closest(".tocsin-rooms details"));
  });
  document.addEventListener("focusin", function (event) {
    close(event.target.closest(".tocsin-rooms details"));
  });
  document.addEventListener("keydown", function (event) {
    if (event.key !== "Escape") return;
    var open = document.querySelector(".tocsin-rooms details[open]");
    if (!open) return;
    if (open.contains(document.activeElement)) open.querySelector("summary").focus();
    open.open = false;
  });
})();
