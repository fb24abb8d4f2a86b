// A launch that came back without our cookie: fetch the browser's value from the platform's storage and send the launch
// again with it. When that leads nowhere, the page's button is the way.
(function () {
    "use strict";
    const launch = JSON.parse(document.getElementById("launch").textContent);
    const form = document.querySelector("[data-offer] form");

    function show(name) {
        ["asking", "offer", "refused"].forEach(function (one) {
            document.querySelector("[data-" + one + "]").hidden = one !== name;
        });
    }

    function refuse(text) {
        document.querySelector("[data-why]").textContent = text;
        show("refused");
    }

    async function enter() {
        const value = await window.laurelStorage.take(launch.frame);
        if (value === null) return show("offer");
        const fields = new URLSearchParams(new FormData(form));
        fields.delete("handoff");
        fields.set("storage", value);
        const answer = await fetch(launch.action, { method: "POST", body: fields, headers: { Accept: "application/json" } });
        const said = await answer.json();
        if (answer.ok) return window.laurelShell.enter(said);
        // Another browser's value: a window of its own may still do. All else stays refused there, too.
        return said.reason === "state_browser" ? show("offer") : refuse(said.text);
    }

    if (launch.frame) {
        show("asking");
        enter().catch(function () {
            show("offer");
        });
    }
})();
