// A login: leave the browser's value with the platform, then go on, whether it was taken or not.
(function () {
    "use strict";
    const login = JSON.parse(document.getElementById("login").textContent);
    window.laurelStorage.put(login.frame, login.browser).then(function () {
        location.replace(login.next);
    });
})();
