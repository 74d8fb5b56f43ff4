// What HTMX leaves to do: where the focus goes, upload progress, copy and print.
// Read before the page is drawn, so that what is only for browsers without it never shows.
(function () {
  "use strict";

  document.documentElement.classList.add("spv-js");

  function prepare() {
    // Gone, not only hidden: the first button of a form is the one that Enter presses.
    document.querySelectorAll(".spv-no-js").forEach(function (element) {
      element.remove();
    });
    document.querySelectorAll("[data-print], [data-copy]").forEach(function (button) {
      button.hidden = false;
    });
  }

  function focus() {
    var place = document.querySelector(".govuk-error-summary, .spv-done") ||
      document.querySelector("#content [autofocus]") ||
      document.querySelector("#content h1");
    if (place && place.autofocus) {
      place.focus({ preventScroll: true });
      // Wherever on the page it is: after HTMX has gone to the top.
      window.requestAnimationFrame(function () { place.scrollIntoView({ block: "center" }); });
    } else if (place) {
      place.tabIndex = -1;
      place.focus({ preventScroll: true });
    }
  }

  document.addEventListener("DOMContentLoaded", function () {
    prepare();
    if (document.querySelector(".govuk-error-summary, .spv-done")) { focus(); }
  });

  document.addEventListener("htmx:afterSettle", function (event) {
    prepare();
    var dialog = document.getElementById("dialog");
    if (dialog && event.detail.target === dialog && !dialog.open) {
      dialog.showModal();
      // It begins with how many rows there are; the first field may be far below.
      var ask = dialog.querySelector("h1");
      ask.tabIndex = -1;
      ask.focus();
      dialog.scrollTop = 0;
    }
    var refused = dialog && dialog.open && dialog.querySelector(".govuk-error-summary");
    if (refused) { dialog.scrollTop = 0; }
    if (refused || event.detail.target.id === "content") { focus(); }
    // The button that led to these rows is gone, and the focus with it.
    var rows = document.querySelector("#found h2");
    if (event.detail.target.id === "found" && document.activeElement === document.body && rows) {
      rows.tabIndex = -1;
      rows.focus({ preventScroll: true });
    }
  });

  // No answer at all: say so, until the next try. (A look-up beside a field is no try.)
  // Also in a dialog: what stands behind it is not seen and not read out.
  function noAnswer(missing) {
    document.querySelectorAll("#no-answer, dialog .spv-no-answer").forEach(function (place) {
      place.hidden = !missing;
    });
  }
  document.addEventListener("htmx:sendError", function () { noAnswer(true); });
  document.addEventListener("htmx:beforeRequest", function (event) {
    if (!event.detail.elt.matches("form, select")) { return; }
    noAnswer(false);
    document.querySelectorAll("#wait, .spv-wait").forEach(function (place) {
      place.textContent = "";
    });
  });
  document.addEventListener("htmx:beforeSwap", function (event) {
    // Our own error pages say where they belong; a proxy's must not empty the form.
    var xhr = event.detail.xhr;
    var ours = xhr.status === 409 || xhr.status === 422;
    if (xhr.status >= 400 && !ours && !xhr.getResponseHeader("HX-Retarget")) {
      event.detail.shouldSwap = false;
      noAnswer(true);
    }
  });

  // Back from a result leads to the form as it was filled in: its address has the answers.
  document.addEventListener("htmx:beforeRequest", function (event) {
    var form = event.detail.elt;
    if (!form.matches("form[data-keep]")) { return; }
    var answers = new URLSearchParams(new FormData(form));
    answers.delete("csrf_token");
    history.replaceState(history.state, "", form.getAttribute("action") + "?" + answers);
  });

  // A server refuses a file that is far too large before it is sent, and closes the
  // connection: the browser would only say that there was no answer.
  document.addEventListener("change", function (event) {
    var input = event.target;
    if (input.type !== "file") { return; }
    var isLarge = input.files[0] && input.files[0].size > 5000000;
    input.setCustomValidity(isLarge
      ? "This file has more than 5 MB. Split it into smaller ones and choose one of them."
      : "");
    if (isLarge) {
      input.reportValidity();
      input.value = "";
    }
  });

  document.addEventListener("htmx:xhr:progress", function (event) {
    var bar = document.getElementById("progress-bar");
    if (!bar || !event.detail.lengthComputable) { return; }
    if (event.detail.loaded < event.detail.total) {
      bar.value = 100 * event.detail.loaded / event.detail.total;
    } else {
      bar.removeAttribute("value"); // sent; how long the rest takes is not known
    }
  });

  // A dialog stays until its answer is there: what was done must be seen.
  function isWaiting(dialog) { return dialog.querySelector(".htmx-request") !== null; }
  document.addEventListener("cancel", function (event) {
    if (event.target.id === "dialog" && isWaiting(event.target)) { event.preventDefault(); }
  }, true);

  // An open menu closes as soon as something else is meant.
  ["click", "focusin"].forEach(function (what) {
    document.addEventListener(what, function (event) {
      document.querySelectorAll(".spv-menu[open]").forEach(function (menu) {
        if (!menu.contains(event.target)) { menu.open = false; }
      });
    });
  });

  document.addEventListener("keydown", function (event) {
    var menu = event.key === "Escape" && document.querySelector(".spv-menu[open]");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  document.addEventListener("click", function (event) {
    var print = event.target.closest("[data-print]");
    var copy = event.target.closest("[data-copy]");
    var close = event.target.closest("dialog [data-close]");
    if (print) { window.print(); }
    if (close) {
      event.preventDefault();
      if (!isWaiting(close.closest("dialog"))) { close.closest("dialog").close(); }
    }
    if (copy) {
      var text = document.getElementById(copy.dataset.copy);
      text.select();
      document.execCommand("copy"); // the newer way is missing where there is no HTTPS
      copy.textContent = "Copied";
    }
  });
})();
