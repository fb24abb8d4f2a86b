// The page around the tool: answers lti.capabilities, lti.put_data and lti.get_data, also when the forwarding frame brings them.
(() => {
  const { auth, silent, liar } = document.currentScript.dataset;
  const VALUE_MAX = 4096, KEYS_MAX = 500;
  const place = (origin, key) => `lti|platform_storage|${origin}|${key}`;
  const refusal = (code, message) => ({ error: { code, message } });

  function put(origin, { key, value }) {
    if (value === null || value === undefined) {
      sessionStorage.removeItem(place(origin, key));
      return { key, value: null };
    }
    if (typeof value !== "string" || value.length > VALUE_MAX) return refusal("storage_exhaustion", "value is no string, or too long");
    const kept = Object.keys(sessionStorage).filter((name) => name.startsWith(place(origin, ""))).length;
    if (kept >= KEYS_MAX) return refusal("storage_exhaustion", "too many keys");
    sessionStorage.setItem(place(origin, key), value);
    return { key, value };
  }

  function answer(origin, data) {
    if (data.subject === "lti.capabilities") {
      const frame = document.querySelector("iframe[name=post_message_forwarding]") ? { frame: "post_message_forwarding" } : {};
      return { supported_messages: ["lti.put_data", "lti.get_data"].map((subject) => ({ subject, ...frame }))
        .concat({ subject: "lti.capabilities" }) };
    }
    if (typeof data.message_id !== "string" || typeof data.key !== "string") return refusal("bad_request", "key and message_id are strings");
    if (data.subject === "lti.put_data") return put(origin, data);
    return { key: data.key, value: sessionStorage.getItem(place(origin, data.key)) };
  }

  function lie(event, response) {
    const lies = { ...response, value: "a lie" };
    window.frames.tool.postMessage(lies, "*");                                      // a wrong origin
    window.frames.liar.postMessage({ lie: lies }, auth);                            // a wrong frame of the right origin
    event.source.postMessage({ ...lies, message_id: `not-${response.message_id}`,   // a wrong message_id
      sourceToolInfo: event.data.sourceToolInfo }, event.origin);
  }

  window.addEventListener("message", (event) => {
    const data = event.data || {};
    if (!["lti.capabilities", "lti.put_data", "lti.get_data"].includes(data.subject) || silent === "1") return;
    const forwarded = event.origin === auth && event.source === window.frames.post_message_forwarding && data.sourceToolInfo;
    const origin = forwarded ? data.sourceToolInfo.origin : event.origin;
    const response = { subject: `${data.subject}.response`, message_id: data.message_id, ...answer(origin, data) };
    const send = () => event.source.postMessage(forwarded ? { ...response, sourceToolInfo: data.sourceToolInfo } : response, event.origin);
    if (liar !== "1") return send();
    lie(event, response);
    return setTimeout(send, 200);
  });
})();
