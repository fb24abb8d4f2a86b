// The forwarding frame: a tool's message goes up to the page with the tool's origin beside it, the answer back down.
(() => {
  const page = document.currentScript.dataset.page;
  const waiting = new Map();
  let count = 0;
  window.addEventListener("message", (event) => {
    const { sourceToolInfo, ...data } = event.data || {};
    if (event.source === window.parent) {
      if (event.origin !== page || !sourceToolInfo) return;
      const asked = waiting.get(sourceToolInfo.windowReferenceId);
      if (asked) asked.source.postMessage(data, asked.origin);
    } else if (typeof data.subject === "string") {
      const windowReferenceId = String(++count);
      waiting.set(windowReferenceId, { source: event.source, origin: event.origin });
      window.parent.postMessage({ ...data, sourceToolInfo: { origin: event.origin, windowReferenceId } }, page);
    }
  });
})();
