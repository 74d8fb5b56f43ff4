// The few things that HTMX does not do: focus, upload progress, dialogs, copy and print.
// It runs before the page is drawn, so that parts for browsers without scripts never show.
(function () {
  "use strict";

  document.documentElement.classList.add("spv-js");

  // This file comes before HTMX, which reads its settings after this.
  document.addEventListener("DOMContentLoaded", function () {
    Object.assign(window.htmx.config, {
      includeIndicatorStyles: false,
      allowEval: false,
      allowScriptTags: false,
      selfRequestsOnly: true,
      historyCacheSize: 0,
      refreshOnHistoryMiss: true,
      responseHandling: [
        { code: "204", swap: false },
        { code: "[23]..", swap: true },
        { code: "409|422", swap: true },
        { code: "[45]..", swap: true, error: true }
      ]
    });
  });

  // The day is that of the browser's own clock: in Perth it is earlier than in Sydney.
  function today() {
    var now = new Date();
    return [now.getFullYear(), now.getMonth() + 1, now.getDate()].map(function (number) {
      return String(number).padStart(2, "0");
    }).join("-");
  }

  function offerToday() {
    document.querySelectorAll("[data-suggested]").forEach(function (input) {
      var isOther = input.value !== today();
      input.value = today();
      input.removeAttribute("data-suggested");
      if (isOther && input.type === "date" && window.htmx) {
        window.setTimeout(function () { window.htmx.trigger(input, "change"); });
      }
    });
    sayWhichDay();
  }

  function sayWhichDay() {
    var input = document.querySelector("input[data-sydney]");
    if (!input) { return; }
    var hint = document.getElementById(input.id + "-hint");
    hint.dataset.hint = hint.dataset.hint || hint.textContent;
    hint.textContent = hint.dataset.hint;
    if (input.value === today() && input.value !== input.dataset.sydney) {
      hint.textContent = "This is today where you are. In Sydney it is " +
        (input.value < input.dataset.sydney ? "already " : "still ") +
        new Date(input.dataset.sydney + "T00:00").toLocaleDateString("en-AU", {
          day: "numeric", month: "long", year: "numeric"
        }) + ".";
    }
  }

  function prepare() {
    offerToday();
    // Removed and not only hidden, because Enter presses the first button of a form.
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
      // After HTMX has scrolled to the top.
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
      // The dialog begins with the number of rows; the first field may be far below.
      var ask = dialog.querySelector("h1");
      ask.tabIndex = -1;
      ask.focus();
      dialog.scrollTop = 0;
    }
    var refused = dialog && dialog.open && dialog.querySelector(".govuk-error-summary");
    if (refused) { dialog.scrollTop = 0; }
    if (refused || event.detail.target.id === "content") { focus(); }
    // The button that asked for these rows is gone, and the focus with it.
    var rows = document.querySelector("#found h2");
    if (event.detail.target.id === "found" && document.activeElement === document.body && rows) {
      rows.tabIndex = -1;
      rows.focus({ preventScroll: true });
    }
  });

  // If there is no answer, say so until the next try; a look-up beside a field is no try.
  // Say it in the dialog too: the page behind it is not seen and not read out.
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
    // Our own error pages have a target. An error page of a proxy must not replace the form.
    var xhr = event.detail.xhr;
    var ours = xhr.status === 409 || xhr.status === 422;
    if (xhr.status >= 400 && !ours && !xhr.getResponseHeader("HX-Retarget")) {
      event.detail.shouldSwap = false;
      noAnswer(true);
    }
  });

  // Put the answers into the form's address, so that Back leads to the form as filled in.
  // It comes before HTMX, which disables fields: a form has no answers in those.
  ["change", "htmx:beforeRequest"].forEach(function (what) {
    document.addEventListener(what, function (event) {
      var form = what === "change" ? event.target.form : event.detail.elt;
      if (!form || !form.matches("form[data-keep]")) { return; }
      var answers = new URLSearchParams(new FormData(form));
      answers.delete("csrf_token");
      history.replaceState(history.state, "", form.getAttribute("action") + "?" + answers);
    }, true);
  });

  // A second click, which HTMX ignores in its forms.
  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (form.method !== "post" || form.matches("[hx-post]")) { return; }
    if (form.sent) { event.preventDefault(); }
    form.sent = true;
    window.setTimeout(function () { form.sent = false; }, 9000);
  });

  // WebKit keeps pages over plain HTTP although they forbid it. The user may have signed out.
  window.addEventListener("pageshow", function (event) {
    if (event.persisted && document.querySelector("form[action$='/sign-out']")) {
      document.documentElement.hidden = true;
      window.location.reload();
    }
  });

  // A server refuses a file that is far too large before it has arrived, and closes the
  // connection. The browser would only see that there is no answer.
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

  document.addEventListener("change", function (event) {
    if (event.target.matches("input[data-sydney]")) { sayWhichDay(); }
  });

  document.addEventListener("htmx:xhr:progress", function (event) {
    var bar = document.getElementById("progress-bar");
    if (!bar || !event.detail.lengthComputable) { return; }
    if (event.detail.loaded < event.detail.total) {
      bar.value = 100 * event.detail.loaded / event.detail.total;
    } else {
      bar.removeAttribute("value"); // sent; the rest takes an unknown time
    }
  });

  // A dialog stays open until its answer has arrived, because the result must be seen.
  function isWaiting(dialog) { return dialog.querySelector(".htmx-request") !== null; }
  document.addEventListener("cancel", function (event) {
    if (event.target.id === "dialog" && isWaiting(event.target)) { event.preventDefault(); }
  }, true);

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
      spvCopy(text.value).then(function (isCopied) {
        text.select();
        copy.textContent = isCopied ? "Copied" : "Selected, not copied";
      });
    }
  });

  // A file may be dropped anywhere on its place. Its size is said beside its name.
  ["dragover", "dragleave", "drop"].forEach(function (what) {
    document.addEventListener(what, function (event) {
      var place = event.target.closest && event.target.closest("[data-drop]");
      if (!place) { return; }
      event.preventDefault();
      place.classList.toggle("spv-drop--over", what === "dragover");
      var input = place.querySelector("input[type=file]");
      if (what === "drop" && event.dataTransfer.files.length) {
        input.files = event.dataTransfer.files;
        input.dispatchEvent(new Event("change", { bubbles: true }));
      }
    });
  });
  document.addEventListener("change", function (event) {
    var place = event.target.type === "file" && event.target.closest("[data-drop]");
    if (!place) { return; }
    var said = place.querySelector(".spv-chosen") ||
      place.appendChild(document.createElement("p"));
    said.className = "spv-chosen spv-small";
    var file = event.target.files[0];
    said.textContent = file ? file.name + ", " + Math.ceil(file.size / 1000) + " kB" : "";
  });

  // Say how many rows are ticked, and keep the ticks in the address: they are there again
  // after a look at something else, and after a reload.
  function sayTicks() {
    var said = document.querySelector("[data-selected]");
    if (!said) { return; }
    var form = said.closest("form");
    var boxes = form.querySelectorAll("input.spv-tick");
    var ticked = form.querySelectorAll("input.spv-tick:checked").length;
    var others = Number(said.dataset.others);
    var every = "every" in said.dataset;
    var total = Number(said.dataset.total);
    var number = every ? total - others - (boxes.length - ticked) : others + ticked;
    said.closest(".spv-bar").classList.toggle("spv-bar--on", number > 0);
    said.textContent = every && total > 10000 ? "All selected" : number + " selected";
  }
  document.addEventListener("change", function (event) {
    var form = event.target.closest("form[data-ticks]");
    if (!form || !event.target.matches("input.spv-tick")) { return; }
    sayTicks();
    var sent = new URLSearchParams(new FormData(form));
    var after = new URLSearchParams(location.search).get("after");
    if (after) { sent.set("after", after); }
    var address = form.dataset.ticks + "?" + sent;
    if (address.length < 8000) { history.replaceState(history.state, "", address); }
  });

  ["DOMContentLoaded", "htmx:afterSettle"].forEach(function (what) {
    document.addEventListener(what, sayTicks);
  });
})();

// Copy a text, and tell whether that was done. The newer way needs HTTPS, and may be refused.
function spvCopy(text) {
  function copySelected() {
    var box = document.createElement("textarea");
    box.readOnly = true; // no keyboard comes up
    box.style.cssText = "position: fixed; top: 0; opacity: 0";
    box.value = text;
    document.body.append(box);
    box.select();
    var isCopied = document.execCommand("copy");
    box.remove();
    return isCopied;
  }

  if (!navigator.clipboard) { return Promise.resolve(copySelected()); }
  return navigator.clipboard.writeText(text).then(function () { return true; }, copySelected);
}

// The calculator: a result is shared, named on its print, and listed on this device alone.
(function () {
  "use strict";

  var KEY = "spv-results", MOST = 10;

  // Browsers may refuse to store. What is stored can be anything.
  function storedResults() {
    try {
      var stored = JSON.parse(window.localStorage.getItem(KEY));
      return (Array.isArray(stored) ? stored : []).filter(function (each) {
        return each && /^[\w-]{16}$/.test(each.reference);
      }).slice(0, MOST);
    } catch (error) { return []; }
  }

  function storeResult() {
    var result = document.querySelector("[data-reference]");
    if (!result) { return; }
    var others = storedResults().filter(function (each) {
      return each.reference !== result.dataset.reference;
    });
    var results = [Object.assign({}, result.dataset)].concat(others).slice(0, MOST);
    try {
      window.localStorage.setItem(KEY, JSON.stringify(results));
    } catch (error) { /* There is no list then. */ }
  }

  function listResults() {
    var section = document.getElementById("my-results");
    if (!section) { return; }
    var list = section.querySelector("ul"), results = storedResults();
    section.hidden = !results.length;
    list.replaceChildren.apply(list, results.map(function (each) {
      var item = document.createElement("li"), link = document.createElement("a");
      link.className = "govuk-link";
      link.href = list.dataset.address + each.reference;
      link.textContent = each.headline;
      item.append(link, ": " + each.system + ", installed on " + each.day);
      return item;
    }));
  }

  function forgetResults() {
    try { window.localStorage.removeItem(KEY); } catch (error) { /* There is none. */ }
    listResults();
    document.querySelector("#content h1").tabIndex = -1;
    document.querySelector("#content h1").focus();
  }

  // The hidden field of the first page has the day of the browser by now.
  function sayDay() {
    var place = document.querySelector("[data-suggested-day]");
    if (!place) { return; }
    var day = place.closest("form").elements.installation_date.value;
    place.textContent = new Date(day + "T00:00").toLocaleDateString("en-AU", {
      day: "numeric", month: "long", year: "numeric"
    });
    place.parentElement.querySelector("[data-years]").hidden =
      day.slice(0, 4) !== place.dataset.suggestedDay.slice(0, 4);
  }

  function prepare() {
    storeResult();
    listResults();
    sayDay();
    document.querySelectorAll("[data-job], [data-share]").forEach(function (element) {
      element.hidden = false;
    });
    document.querySelectorAll("[data-share]").forEach(function (button) {
      button.textContent = navigator.share ? "Share" : "Copy link";
    });
  }

  function copyLink(button, address) {
    spvCopy(address).then(function (isCopied) {
      button.textContent = isCopied ? "Copied" : "Not copied: use the address above";
      button.focus();
    });
  }

  document.addEventListener("DOMContentLoaded", prepare);
  document.addEventListener("htmx:afterSwap", storeResult); // before anybody can go on
  document.addEventListener("htmx:afterSettle", prepare);
  window.addEventListener("pageshow", prepare); // after Back, too

  document.addEventListener("click", function (event) {
    var share = event.target.closest("[data-share]");
    if (event.target.closest("[data-forget]")) { forgetResults(); }
    if (!share) { return; }
    var address = location.origin + location.pathname + location.search;
    if (!navigator.share) { copyLink(share, address); return; }
    navigator.share({ title: document.title, url: address }).catch(function (error) {
      if (error.name !== "AbortError") { copyLink(share, address); }
    });
  });

  // What is folded on the screen is open on paper.
  window.addEventListener("beforeprint", function () {
    var job = document.getElementById("job");
    if (job) { document.getElementById("job-printed").textContent = job.value; }
    document.querySelectorAll(".spv-result details:not([open])").forEach(function (folded) {
      folded.open = true;
      folded.dataset.folded = "";
    });
  });
  window.addEventListener("afterprint", function () {
    document.querySelectorAll("[data-folded]").forEach(function (folded) {
      folded.open = false;
      delete folded.dataset.folded;
    });
  });
})();
