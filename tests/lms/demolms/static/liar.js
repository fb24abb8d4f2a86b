// Says what the page gives it to the tool: the right origin, the wrong frame.
(() => {
  const page = document.currentScript.dataset.page;
  window.addEventListener("message", (event) => {
    if (event.origin === page && event.data.lie) window.parent.frames.tool.postMessage(event.data.lie, "*");
  });
})();
