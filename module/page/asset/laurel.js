// Small comforts on top of pages that work without any script.
(function () {
    "use strict";

    // A form that must be sent once: a second press while the first is on its way does nothing.
    document.addEventListener("submit", function (event) {
        var form = event.target;
        if (!form.classList.contains("once")) return;
        if (form.dataset.sent) {
            event.preventDefault();
            return;
        }
        form.dataset.sent = "1";
    });
    window.addEventListener("pageshow", function () {
        document.querySelectorAll("form.once").forEach(function (form) {
            delete form.dataset.sent;
        });
    });

    var plain = function (text) {
        return text.toLocaleLowerCase().normalize("NFD").replace(/[\u0300-\u036f]/g, "");
    };

    // Choosing content: the button says how much is chosen, the box narrows the badges by name.
    // What is chosen stays in sight.
    var countChosen = function (form) {
        var button = form.querySelector("[data-many]");
        var count = form.querySelectorAll("input[name=item]:checked").length;
        button.textContent = count === 0 ? button.dataset.none :
            count === 1 ? button.dataset.one : button.dataset.many.replace("#", count);
    };
    document.addEventListener("change", function (event) {
        var form = event.target.form;
        if (form && "pick" in form.dataset) countChosen(form);
    });
    document.addEventListener("input", function (event) {
        if (!("filter" in event.target.dataset)) return;
        var form = event.target.form, wanted = plain(event.target.value.trim()), shown = 0;
        form.querySelectorAll("li[data-name]").forEach(function (row) {
            row.hidden = !row.querySelector(":checked") && plain(row.dataset.name).indexOf(wanted) < 0;
            shown += row.hidden ? 0 : 1;
        });
        form.querySelector(".empty-filter").hidden = shown > 0;
    });
    document.addEventListener("keydown", function (event) { // Enter in the box adds nothing yet
        if (event.key === "Enter" && "filter" in event.target.dataset) event.preventDefault();
    });

    // Inside a learning platform's frame: ask for the height the page needs (Canvas and others listen).
    // The message holds a number and nothing else, so any parent may read it.
    if (window.parent !== window && "ResizeObserver" in window) {
        var told = 0;
        document.documentElement.classList.add("framed");
        new ResizeObserver(function () {
            var height = Math.ceil(document.body.getBoundingClientRect().height);
            if (Math.abs(height - told) < 8) return;
            told = height;
            window.parent.postMessage({ subject: "lti.frameResize", height: height }, "*");
        }).observe(document.body);
    }

    // The name box of the grid narrows the rows that are on the page while one types; Enter still
    // asks the server, which knows every page of learners.
    function startSearch() {
        var box = document.getElementById("search");
        var rows = document.querySelectorAll(".grid tbody tr");
        if (!box || !rows.length) return;
        box.addEventListener("input", function () {
            var wanted = plain(box.value.trim());
            rows.forEach(function (row) {
                row.hidden = plain(row.cells[0].textContent).indexOf(wanted) < 0;
            });
        });
    }

    // A form that only carries an answer on to the learning platform goes by itself; its button is
    // for browsers without scripts.
    function sendForms() {
        document.querySelectorAll("form[data-auto]").forEach(function (form) {
            form.submit();
        });
    }

    // A search whose finds are shown while one types; Enter asks for the same page without any script.
    var typing = 0, asked = 0;
    document.addEventListener("input", function (event) {
        var form = event.target.form;
        if (!form || !("live" in form.dataset)) return;
        clearTimeout(typing);
        typing = setTimeout(function () {
            var turn = ++asked, address = form.getAttribute("action") + "?" + new URLSearchParams(new FormData(form));
            ours(new URL(address, location.href).href, "text/html").then(function (answer) {
                if (!answer.ok) throw new Error("no page");
                return answer.text();
            }).then(function (html) {
                var found = new DOMParser().parseFromString(html, "text/html").getElementById("found");
                if (turn === asked && found) document.getElementById("found").replaceWith(found);
            }).catch(function () {}); // Enter says why
        }, 250);
    });

    // While grades are being read, the page asks whether that is over, and then comes again with what was read: unless
    // somebody is in the middle of something on it, who is only told.
    var asking = 0;
    function isInUse() {
        var changed = Array.from(document.querySelectorAll("input, textarea, select")).some(function (field) {
            if (field.type === "hidden") return false;
            if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
            if (field.tagName === "SELECT") {
                return Array.from(field.options).some(function (option) { return option.selected !== option.defaultSelected; }) &&
                    field.selectedIndex > 0;
            }
            return field.value !== field.defaultValue;
        });
        return changed || document.activeElement.matches("input, textarea, select");
    }
    function askWhetherRead(link, wait) {
        var again = function () { askWhetherRead(link, Math.min(wait * 1.3, 15000)); };
        clearTimeout(asking);
        asking = setTimeout(function () {
            if (!document.contains(link)) return;
            if (document.hidden) return again();
            ours(link.dataset.ask, "application/json").then(function (answer) {
                if (!answer.ok) throw new Error("no answer");
                return answer.json();
            }).then(function (state) {
                if (!document.contains(link)) return;
                if (state.is_busy) again();
                else if (isInUse()) link.textContent = "That is over: look again";
                else comeAgain(link.href);
            }, again);
        }, wait);
    }
    function ours(address, accept) {
        var shell = window.laurelShell && window.laurelShell.fetch;
        return shell ? shell(address, accept) : fetch(address, { headers: { Accept: accept } });
    }
    function comeAgain(address) {
        var shell = window.laurelShell && window.laurelShell.refresh;
        history.replaceState(history.state, "", address);
        if (shell) shell();
        else location.reload();
    }
    function startAsking() {
        var link = document.querySelector("[data-ask]");
        if (link) askWhetherRead(link, 1500);
    }

    // What a page needs when it is there; asset/shell.js says so again for each page it shows.
    window.laurelStart = function () {
        document.querySelectorAll("form[data-pick]").forEach(countChosen);
        startSearch();
        startAsking();
        sendForms();
    };
    window.laurelStart();
})();
