"""Platform storage (LTI Client Side postMessages 0.1, postMessage Storage 0.1) as Canvas does it: the page around the tool
keeps values apart by the tool's origin; a hidden frame on the authentication origin passes messages on."""
from urllib.parse import urlsplit

from flask import Blueprint, current_app, render_template

blueprint = Blueprint("storage", __name__)
FORWARDING_FRAME = "post_message_forwarding"


def storage_target(school):
    """What `lti_storage_target` says: a frame's name, or `_parent`."""
    return FORWARDING_FRAME if school.quirks.storage == "frame" else "_parent"


def origin(url):
    where = urlsplit(url)
    return f"{where.scheme}://{where.netloc}"


@blueprint.get("/post_message_forwarding")
def forwarding():
    return render_template("forwarding.html", script="forwarding.js", page_origin=origin(current_app.school.public_url))


@blueprint.get("/post_message_liar")
def liar():
    """A frame of the right origin that is not the announced one, and answers all the same."""
    return render_template("forwarding.html", script="liar.js", page_origin=origin(current_app.school.public_url))
