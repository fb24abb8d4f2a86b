// The pages of one launch for a browser that keeps no cookies here: they are fetched with the session's token and shown in
// place. The token lives in this window's storage under the launch's id, so two windows never mix, or in this script's
// memory where there is no such storage. It goes out in the Authorization header and in nothing else.
(function () {
    "use strict";
    const HOME = /^\/app\/l\/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\//;
    const pictures = new Map();
    const words = {};
    let home = "";      // "/app/l/LAUNCH/"
    let token = null;
    let turns = 0;      // of all requests: only the last one's answer is shown
    let shown = "";     // which entry of the history is on the page
    let seen = "";      // its HTML, as it came
    let entries = 0;
    let timer = 0;
    let retry = null;

    // --- the token

    function keyOf(path) {
        return "laurel-s-" + path.slice("/app/l/".length, -1);
    }

    function keep(key, value) {
        try {
            sessionStorage.setItem(key, value);
            return sessionStorage.getItem(key) === value;
        } catch (refused) {
            return false;
        }
    }

    function recall(key) {
        try {
            return sessionStorage.getItem(key);
        } catch (refused) {
            return null;
        }
    }

    function forget(key) {
        try {
            sessionStorage.removeItem(key);
        } catch (refused) {
            // then it was never kept
        }
        token = null;
    }

    // Another person in this window ends what the one before has left here (attacks.md D15).
    function keepPerson(who) {
        if (recall("laurel-who") === who) return;
        try {
            Object.keys(sessionStorage).filter(function (key) {
                return key.startsWith("laurel-s-");
            }).forEach(forget);
        } catch (refused) {
            // nothing is kept here
        }
        keep("laurel-who", who);
    }

    // --- requests

    function isOurs(url) {
        return url.origin === location.origin && url.pathname.startsWith(home);
    }

    function send(url, wish) {
        const headers = { Authorization: "Bearer " + token, Accept: wish.accept || "text/html" };
        return fetch(url, { method: wish.method || "GET", body: wish.body, headers: headers });
    }

    async function pageOf(answer) {
        const html = await answer.text();
        return { answer: answer, html: html, page: new DOMParser().parseFromString(html, "text/html") };
    }

    // The answer as a page. Some browsers lose the header on a redirect to our own site and end at the shell: ask again there.
    async function readPage(answer) {
        const got = await pageOf(answer);
        return answer.redirected && got.page.querySelector("[data-shell]") ? pageOf(await send(answer.url, {})) : got;
    }

    function isPage(answer) {
        return /^text\/html\b/i.test(answer.headers.get("Content-Type") || "") &&
            !/^attachment\b/i.test(answer.headers.get("Content-Disposition") || "");
    }

    async function save(answer) {
        const found = /filename="([^"]*)"/i.exec(answer.headers.get("Content-Disposition") || "");
        const link = document.createElement("a");
        link.href = URL.createObjectURL(await answer.blob());
        link.download = found ? found[1] : "";
        link.click();
        setTimeout(function () {
            URL.revokeObjectURL(link.href);
        }, 60000);
    }

    function picture(address) {
        if (!pictures.has(address)) {
            pictures.set(address, send(address, { accept: "image/*" }).then(function (answer) {
                if (!answer.ok) throw new Error("no picture");
                return answer.blob();
            }).then(function (blob) {
                return new Promise(function (resolve, reject) {
                    const reader = new FileReader();
                    reader.onload = function () { resolve(reader.result); };
                    reader.onerror = reject;
                    reader.readAsDataURL(blob);
                });
            }));
        }
        return pictures.get(address);
    }

    // --- showing

    // A picture of ours needs the token as well; a data: address has no lifetime to look after.
    function dress(root) {
        root.querySelectorAll("img[src]").forEach(function (image) {
            const url = new URL(image.getAttribute("src"), location.href);
            if (!isOurs(url)) return;
            image.removeAttribute("src");
            picture(url.href).then(function (data) {
                image.src = data;
            }, function () {
                pictures.delete(url.href); // the words beside it say the same
            });
        });
    }

    function show(page) {
        page.querySelectorAll("script, noscript").forEach(function (element) {
            element.remove(); // ours runs already, and no other may
        });
        dress(page.body);
        document.title = page.title;
        document.documentElement.lang = page.documentElement.lang;
        document.documentElement.dir = page.documentElement.dir;
        document.body.className = page.body.className;
        document.body.replaceChildren.apply(document.body, Array.from(page.body.childNodes));
        window.laurelStart();
    }

    // As a browser does after opening an address: to the place it names, else to the top.
    function arrive(hash) {
        const place = hash ? document.getElementById(decodeURIComponent(hash.slice(1))) : null;
        if (place) place.scrollIntoView();
        else window.scrollTo(0, 0);
    }

    // Who listens to the page hears what it has become.
    function focusHeading() {
        const heading = document.querySelector("h1") || document.querySelector("main");
        if (heading) {
            heading.tabIndex = -1;
            heading.focus({ preventScroll: true });
        }
    }

    function setBusy(isBusy) {
        document.body.setAttribute("aria-busy", String(isBusy));
    }

    function showAgain() {
        const page = document.implementation.createHTMLDocument("Please start from your course");
        page.documentElement.lang = document.documentElement.lang;
        page.documentElement.dir = document.documentElement.dir;
        page.body.append(words.again.cloneNode(true));
        page.querySelector("main").id = "content";
        show(page);
    }

    function complain(again) {
        retry = again;
        document.querySelectorAll("form.once").forEach(function (form) {
            delete form.dataset.sent;
        });
        if (!document.querySelector("[data-unreachable]")) document.body.prepend(words.unreachable.cloneNode(true));
        document.querySelector("[data-retry]").hidden = !again;
        window.scrollTo(0, 0);
    }

    // "Refresh: 2" comes with a page that waits for something.
    function refreshLater(answer) {
        const wait = /^\s*(\d+)\s*$/.exec(answer.headers.get("Refresh") || "");
        if (wait) {
            timer = setTimeout(function () {
                open(location.href, { how: "refresh" });
            }, 1000 * Number(wait[1]));
        }
    }

    // --- going

    // A form's answer that is a page itself has no address one could load: it stands under the one before.
    function enterHistory(wish, answer) {
        const isOpened = !wish.body || answer.redirected;
        const url = isOpened ? new URL(answer.url) : new URL(location.href);
        if (isOpened) url.hash = wish.hash || "";
        shown = Date.now() + "-" + ++entries; // also another one than before the page was loaded again
        history[wish.how === "start" ? "replaceState" : "pushState"]({ laurel: shown }, "", url.href);
    }

    async function take(wish, answer, isCurrent) {
        if (!isPage(answer)) {
            if (!answer.ok) throw new Error("no page");
            return save(answer);
        }
        const got = await readPage(answer);
        if (!isCurrent()) return undefined;
        document.querySelectorAll("[data-unreachable]").forEach(function (element) {
            element.remove();
        });
        if (wish.how === "start" || wish.how === "go") enterHistory(wish, got.answer);
        // What has not changed is left alone, with whatever the person is doing in it.
        if (wish.how !== "refresh" || got.html !== seen) show(got.page);
        if (wish.how !== "refresh") arrive(location.hash);
        // The first page comes without the person's doing: the platform's page keeps the focus.
        if (wish.how === "go" || wish.how === "back") focusHeading();
        seen = got.html;
        if (got.answer.status === 401) forget(keyOf(home));
        return refreshLater(got.answer);
    }

    // how: "start" (the first page), "go" (a link or form), "back" (the history), "refresh"
    async function open(address, wish) {
        const turn = ++turns;
        const isCurrent = function () { return turn === turns; };
        clearTimeout(timer);
        setBusy(wish.how !== "refresh");
        try {
            await take(wish, await send(address, wish), isCurrent);
        } catch (unreachable) {
            if (isCurrent()) complain(wish.body ? null : function () { open(address, wish); });
        }
        if (isCurrent()) setBusy(false);
    }

    function onClick(event) {
        if (event.target.closest("[data-retry]") && retry) return retry();
        const link = event.target.closest("a[href]");
        if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey ||
            !link || (link.target && link.target !== "_self")) return undefined;
        const url = new URL(link.href);
        const isHere = url.pathname === location.pathname && url.search === location.search && url.hash;
        if (!isOurs(url) || isHere) return undefined;
        event.preventDefault();
        return open(url.href, { how: "go", hash: url.hash });
    }

    function attributeOf(form, button, name, otherwise) {
        const own = button && button.getAttribute("form" + name);
        return own || form.getAttribute(name) || otherwise;
    }

    function onSubmit(event) {
        const form = event.target;
        const button = event.submitter;
        const url = new URL(attributeOf(form, button, "action", location.href), location.href);
        const target = attributeOf(form, button, "target", "_self");
        if (event.defaultPrevented || !isOurs(url) || target !== "_self") return undefined;
        event.preventDefault();
        const fields = new FormData(form);
        if (button && button.name) fields.append(button.name, button.value);
        if (attributeOf(form, button, "method", "get").toLowerCase() !== "post") {
            url.search = new URLSearchParams(fields).toString();
            return open(url.href, { how: "go" });
        }
        const isMultipart = attributeOf(form, button, "enctype", "") === "multipart/form-data";
        return open(url.href, { how: "go", method: "POST", body: isMultipart ? fields : new URLSearchParams(fields) });
    }

    // Steps between places of one page are the browser's own.
    function onPopState(event) {
        const entry = event.state && event.state.laurel;
        if (!entry || entry === shown) return;
        shown = entry;
        open(location.href, { how: "back" });
    }

    function start(path) {
        document.documentElement.id = "laurel-shell";
        ["again", "unreachable"].forEach(function (name) {
            words[name] = document.getElementById("shell-" + name).content;
        });
        home = HOME.exec(path)[0];
        token = token || recall(keyOf(home));
        if (!token) return showAgain();
        document.addEventListener("click", onClick);
        document.addEventListener("submit", onSubmit);
        window.addEventListener("popstate", onPopState);
        window.laurelShell.fetch = function (address, accept) { return send(address, { accept: accept }); };
        window.laurelShell.refresh = function () { return open(location.href, { how: "refresh" }); };
        return open(path, { how: "start", hash: location.hash });
    }

    window.laurelShell = {
        // A launch was taken: {launch, token, path, who}. The address is opened, or, where the window keeps nothing, this very
        // page becomes the shell until it is loaded again.
        enter: function (entry) {
            keepPerson(entry.who);
            if (keep(keyOf("/app/l/" + entry.launch + "/"), entry.token)) return location.replace(entry.path);
            token = entry.token;
            history.replaceState(null, "", entry.path);
            return start(entry.path);
        }
    };
    if (document.querySelector("main[data-shell]")) start(location.pathname + location.search);
})();
