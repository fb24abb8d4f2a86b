"""The platform notification service: which handler hears of what, and sending."""
import json
import urllib.error
import urllib.request
import uuid
from datetime import datetime, timezone
from urllib.parse import urlsplit

from flask import Blueprint, jsonify, request

from ..claims import LTI
from ..keys import merge_patch
from . import claims, ids
from .services import Refused, guarded, require_scope

blueprint = Blueprint("canvas_notices", __name__)
SEND_SECONDS = 15


@blueprint.route("/api/lti/notice-handlers/<int:tool_id>", methods=["GET", "PUT"])
def handlers(tool_id):
    return guarded(lambda school: serve(school, tool_id))


def serve(school, tool_id):
    require_scope(school, claims.NOTICES_SCOPE)
    if tool_id != school.tool.type_id:
        raise Refused(404, "The specified resource does not exist.", "not_found")
    if request.method == "PUT":
        return jsonify(put_handler(school, request.get_json(force=True, silent=True)))
    rows = [{"notice_type": kind, "handler": school.notice_handlers.get(kind, "")} for kind in claims.NOTICE_TYPES]
    return jsonify(client_id=school.tool.client_id, deployment_id=school.tool.deployment_id, notice_handlers=rows)


def put_handler(school, body):
    """One handler for each type, on the tool's own host; "" takes it away."""
    if not isinstance(body, dict) or body.get("notice_type") not in claims.NOTICE_TYPES:
        raise Refused(400, "unknown notice_type")
    handler, batch = body.get("handler"), body.get("max_batch_size")
    if not isinstance(handler, str):
        raise Refused(400, "handler must be a string")
    if batch is not None and (isinstance(batch, bool) or not isinstance(batch, int) or batch < 1):
        raise Refused(400, "max_batch_size must be a positive number")
    where = urlsplit(handler)
    if handler and (where.scheme not in ("http", "https") or where.netloc != school.tool.domain):
        raise Refused(400, "handler must be a URL that matches the tool's domain")
    if handler:
        school.notice_handlers[body["notice_type"]] = handler
    else:
        school.notice_handlers.pop(body["notice_type"], None)
    return {"notice_type": body["notice_type"], "handler": handler, **({"max_batch_size": batch} if batch else {})}


def notice(school, kind, delta=None, header_delta=None, **more):
    """One signed notice; the deltas bend it for tests."""
    when = datetime.fromtimestamp(school.now(), timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    told = {**claims.envelope(school, str(uuid.uuid4())),
            LTI + "notice": {"id": str(uuid.uuid4()), "timestamp": when, "type": kind}, **more}
    return school.key.sign(merge_patch(told, delta or {}), header_delta)


def context_copied(school, new, old):
    return notice(school, "LtiContextCopyNotice",
                  **{LTI + "context": claims.context(school, new), LTI + "origin_contexts": [ids.context(school, old)],
                     LTI + "tool_platform": claims.platform(school)})


def deliver(school, kind, tokens):
    """Posts to the handler; there is no second try, as in Canvas. Call it without the lock."""
    handler = school.notice_handlers.get(kind)
    if handler is None:
        return {"handler": None, "status": None}
    body = json.dumps({"notices": [{"jwt": token} for token in tokens]}).encode()
    ask = urllib.request.Request(handler, data=body, headers={"Content-Type": "application/json"})
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(ask, timeout=SEND_SECONDS) as reply:
            status = reply.status
    except urllib.error.HTTPError as refused:
        status = refused.code
    except OSError:
        status = 0
    sent = {"type": kind, "handler": handler, "status": status, "count": len(tokens)}
    with school.lock:
        school.notices_sent.append(sent)
    return sent
