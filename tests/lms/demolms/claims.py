"""The id_token's content, claim by claim in the order a captured Moodle launch has."""
import json
import secrets
from hashlib import md5, sha256

from .state import EDITING_TEACHER, TEACHER
from .variables import expand, moodle, with_moodles_names

LTI = "https://purl.imsglobal.org/spec/lti/claim/"
DEEP_LINKING = "https://purl.imsglobal.org/spec/lti-dl/claim/"
AGS_SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/"
NRPS_SCOPE = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
VOCABULARY = "http://purl.imsglobal.org/vocab/lis/v2/"
ADMINISTRATOR_ROLES = [VOCABULARY + "institution/person#Administrator", VOCABULARY + "membership#Instructor",
                       VOCABULARY + "system/person#Administrator"]


def permitted_ags_scopes(school):
    read = [AGS_SCOPE + "lineitem.readonly", AGS_SCOPE + "result.readonly", AGS_SCOPE + "score"]
    scopes = {0: [], 1: read, 2: [AGS_SCOPE + "lineitem"] + read}[school.quirks.ags]
    return [scope for scope in scopes if school.tool.scopes is None or scope in school.tool.scopes]


def roles(user, course):
    if user.site_admin:
        return list(ADMINISTRATOR_ROLES)
    teaches = course.role_of(user.id) in (TEACHER, EDITING_TEACHER)
    return [VOCABULARY + "membership#" + ("Instructor" if teaches else "Learner")]


def context(course):
    return {"id": str(course.id), "label": course.shortname, "title": course.fullname, "type": ["CourseSection"]}


def basic_outcome(school, link, user):
    data = {"instanceid": str(link.instance), "userid": str(user.id), "typeid": str(school.tool.type_id),
            "launchid": secrets.randbelow(2_000_000_000)}
    digest = sha256((school.ws_token + json.dumps(data)).encode()).hexdigest()
    return {"lis_result_sourcedid": json.dumps({"data": data, "hash": digest}, separators=(",", ":")),
            "lis_outcome_service_url": school.service_url + "/mod/lti/service.php"}


def memberships_url(school, course):
    return f"{school.service_url}/mod/lti/services.php/CourseSection/{course.id}/bindings/{school.tool.type_id}/memberships"


def line_items_url(school, course):
    return f"{school.service_url}/mod/lti/services.php/{course.id}/lineitems"


def line_item_url(school, item, type_id=None):
    query = f"?type_id={type_id}" if type_id else ""
    return f"{school.service_url}/mod/lti/services.php/{item.course_id}/lineitems/{item.id}/lineitem{query}"


def custom(school, course, user, link):
    services = f"{school.service_url}/mod/lti/services.php"
    values = with_moodles_names(expand({**(link.custom if link else {}), **school.tool.custom}, moodle(course, user, link)))
    if school.quirks.nrps:
        values["context_memberships_url"] = memberships_url(school, course)
    values["system_setting_url"] = f"{services}/tool/{school.tool.type_id}/custom"
    values["context_setting_url"] = f"{services}/CourseSection/{course.id}/bindings/tool/{school.tool.type_id}/custom"
    if link:
        values["link_setting_url"] = services + "/links/{link_id}/custom"
    return values


def build(school, course, user, nonce, *, link=None, line_item_link="same", window="iframe", sesskey="", deep_link=None):
    """All claims of one launch: of the activity `link`, or of a deep-linking request with its settings.
    `line_item_link` is the activity whose column is announced; it differs from `link` only by Moodle 4.1's bug."""
    tool, quirks = school.tool, school.quirks
    now = school.now()
    claims = {
        "nonce": nonce, "iat": now, "exp": now + quirks.exp_seconds, "iss": school.issuer,
        "aud": link.consumer_key if link and link.consumer_key else tool.client_id,
        LTI + "deployment_id": tool.deployment_id,
        LTI + "target_link_uri": (link.tool_url if link else "") or tool.launch_url,
        "sub": str(user.id),
        LTI + "lis": {"person_sourcedid": user.idnumber, "course_section_sourcedid": course.idnumber},
        LTI + "roles": roles(user, course),
        LTI + "context": context(course),
        LTI + "message_type": "LtiResourceLinkRequest" if link else "LtiDeepLinkingRequest",
    }
    if link:
        claims[LTI + "resource_link"] = {"title": link.title, "description": link.intro, "id": str(link.instance)}
        if school.item_of(link):
            claims["https://purl.imsglobal.org/spec/lti-bo/claim/basicoutcome"] = basic_outcome(school, link, user)
    if quirks.names:
        claims.update(given_name=user.given, family_name=user.family, name=user.name)
    claims[LTI + "ext"] = {**({"user_username": user.username} if quirks.names else {}), "lms": "moodle-2"}
    if quirks.email:
        claims["email"] = user.email
    claims[LTI + "launch_presentation"] = {"locale": "en"}
    if link:
        container = 4 if window == "window" else 3
        claims[LTI + "launch_presentation"] |= {
            "document_target": window,
            "return_url": f"{school.public_url}/mod/lti/return.php?course={course.id}&launch_container={container}"
                          f"&instanceid={link.instance}&sesskey={sesskey}"}
    claims[LTI + "tool_platform"] = {
        "product_family_code": "moodle", "version": school.release[1],
        "guid": md5(school.issuer.encode()).hexdigest(), "name": "northside", "description": school.name}
    claims[LTI + "version"] = "1.3.0"
    claims[LTI + "custom"] = custom(school, course, user, link)
    claims |= service_claims(school, course, link, line_item_link)
    if deep_link:
        claims[DEEP_LINKING + "deep_linking_settings"] = deep_link
    return claims


def service_claims(school, course, link, line_item_link):
    found = {}
    if school.quirks.ags:
        type_id = school.tool.type_id
        endpoint = {"scope": sorted(permitted_ags_scopes(school)),
                    "lineitems": f"{line_items_url(school, course)}?type_id={type_id}"}
        if link and line_item_link is None:
            endpoint["lineitem"] = ""
        elif link:
            on_link = school.line_items_on(link if line_item_link == "same" else line_item_link)
            if len(on_link) == 1:
                endpoint["lineitem"] = line_item_url(school, on_link[0], type_id)
        found["https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"] = endpoint
    if school.quirks.nrps:
        found["https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"] = {
            "context_memberships_url": memberships_url(school, course), "service_versions": ["1.0", "2.0"]}
    return found


def deep_linking_settings(school, course, sesskey):
    return {
        "accept_types": ["ltiResourceLink"],
        "accept_presentation_document_targets": ["frame", "iframe", "window"],
        "accept_copy_advice": False, "accept_multiple": True, "accept_unsigned": False,
        "auto_create": False, "can_confirm": False,
        "deep_link_return_url": f"{school.public_url}/mod/lti/contentitem_return.php?course={course.id}"
                                f"&id={school.tool.type_id}&sesskey={sesskey}",
        "title": school.tool.name, "text": ""}
