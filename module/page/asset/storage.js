// What a learning platform keeps for us in a frame of its own: LTI platform storage, for browsers that keep no cookies inside
// another site. `frame` is {name, origin, key}, from the server: the frame's name, the only origin that is spoken to and
// believed, and our key there. Null where the platform offers none.
(function () {
    "use strict";
    const WAIT_MS = 2000;
    const AGAIN_MS = 250;

    function windowOf(frame) {
        const page = window.parent !== window ? window.parent : window.opener;
        if (!page) return null;
        try {
            const found = frame.name === "_parent" ? page : page.frames[frame.name];
            return found && typeof found === "object" ? found : null;
        } catch (none) {
            return null; // a page of another site has no frame of that name
        }
    }

    function newId() {
        return Array.from(crypto.getRandomValues(new Uint8Array(16)), function (byte) {
            return byte.toString(16).padStart(2, "0");
        }).join("");
    }

    // Sends one message, again and again until it is heard: the platform's frame may load after ours. Gives the value of its
    // answer, or null: no such window, no answer in time, an error.
    function ask(frame, subject, fields) {
        return new Promise(function (resolve) {
            if (!frame || (window.parent === window && !window.opener)) return resolve(null);
            const id = newId();
            const message = Object.assign({ subject: subject, message_id: id, key: frame.key }, fields);
            function end(value) {
                window.removeEventListener("message", hear);
                clearTimeout(timer);
                clearInterval(repeater);
                resolve(typeof value === "string" ? value : null);
            }
            function hear(event) {
                const said = event.data;
                if (event.origin !== frame.origin || event.source !== windowOf(frame) || !said || said.message_id !== id ||
                    said.subject !== subject + ".response") return;
                end(said.error ? null : said.value);
            }
            function send() {
                const to = windowOf(frame);
                if (to) to.postMessage(message, frame.origin);
            }
            const timer = setTimeout(end, WAIT_MS);
            const repeater = setInterval(send, AGAIN_MS);
            window.addEventListener("message", hear);
            send();
        });
    }

    window.laurelStorage = {
        put: function (frame, value) {
            return ask(frame, "lti.put_data", { value: value });
        },
        // It serves once: what was read is deleted, and nobody waits for that.
        take: async function (frame) {
            const value = await ask(frame, "lti.get_data", {});
            if (value !== null) ask(frame, "lti.put_data", { value: null });
            return value;
        }
    };
})();
