// The tool says when it is done; its frame goes, and the list of tools shows what came of it.
window.addEventListener("message", (event) => {
  const frame = document.querySelector("iframe[name=registration]");
  if (!frame || event.source !== frame.contentWindow || !event.data || event.data.subject !== "org.imsglobal.lti.close") return;
  frame.remove();
  location.assign("/admin/tools");
});
