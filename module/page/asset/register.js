// The end of dynamic registration: tells the platform to close the window this page is in
// (LTI Dynamic Registration 1.0). The message holds no secret, so any opener may read it.
(function () {
    "use strict";

    var opener = window.opener || window.parent;
    var button = document.querySelector("[data-close]");
    var page = document.querySelector("[data-close-after]");
    if (!button || opener === window) return;

    var close = function () {
        opener.postMessage({ subject: "org.imsglobal.lti.close" }, "*");
    };
    button.hidden = false;
    button.addEventListener("click", close);

    // By itself only while nobody reads: any sign of life keeps it open.
    if (page) {
        var timer = window.setTimeout(close, Number(page.dataset.closeAfter) * 1000);
        ["pointermove", "pointerdown", "keydown", "wheel", "touchstart"].forEach(function (sign) {
            document.addEventListener(sign, function () { window.clearTimeout(timer); }, { passive: true });
        });
    }
})();
