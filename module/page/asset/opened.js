// A launch in a window of its own.
(function () {
    "use strict";
    window.laurelShell.enter(JSON.parse(document.getElementById("entry").textContent));
})();
