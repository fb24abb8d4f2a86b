"""Canvas's id_token, claim by claim: every family of roles, nulls for what is empty, an `errors` member everywhere."""
from hashlib import md5, sha1

from .. import claims as common
from ..claims import AGS_SCOPE, DEEP_LINKING, LTI, NRPS_SCOPE, VOCABULARY
from ..state import EDITING_TEACHER, OBSERVER, STUDENT, TEACHER
from ..variables import canvas as variables
from ..variables import expand
from . import ids

NOTICES_SCOPE = "https://purl.imsglobal.org/spec/lti/scope/noticehandlers"
NOTICE_TYPES = ["LtiHelloWorldNotice", "LtiContextCopyNotice"]
TEST_USER = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"
NO_ERRORS = {"errors": {"errors": {}}}
BLANK = {"validation_context": None, **NO_ERRORS}
INSTRUCTURE = "https://www.instructure.com/"

MEMBERSHIP = VOCABULARY + "membership#"
INSTITUTION = VOCABULARY + "institution/person#"
ASSISTANT = VOCABULARY + "membership/Instructor#TeachingAssistant"
CONTEXT_ROLES = {STUDENT: [MEMBERSHIP + "Learner"], EDITING_TEACHER: [MEMBERSHIP + "Instructor"],
                 TEACHER: [ASSISTANT, MEMBERSHIP + "Instructor"], OBSERVER: [MEMBERSHIP + "Mentor"]}
INSTITUTION_ROLES = {STUDENT: "Student", EDITING_TEACHER: "Instructor", TEACHER: "Instructor", OBSERVER: "Observer"}


def context_roles(course, user):
    """The roster's view: roles in the course only."""
    found = list(CONTEXT_ROLES.get(course.active_role_of(user.id), []))
    return found + [TEST_USER] if user.is_test_student else found


def roles(course, user):
    role = course.active_role_of(user.id)
    institution = "Administrator" if user.site_admin else INSTITUTION_ROLES.get(role)
    system = VOCABULARY + "system/person#"
    return ([INSTITUTION + institution] if institution else []) + context_roles(course, user) + [system + "User"] \
        + ([system + "SysAdmin"] if user.site_admin else [])


def permitted_scopes(school):
    found = common.permitted_ags_scopes(school)
    for scope, is_on in ((NRPS_SCOPE, school.quirks.nrps), (NOTICES_SCOPE, school.quirks.notices)):
        if is_on and (school.tool.scopes is None or scope in school.tool.scopes):
            found.append(scope)
    return found


def line_items_url(school, course_id):
    return f"{school.service_url}/api/lti/courses/{course_id}/line_items"


def line_item_url(school, item):
    return f"{line_items_url(school, item.course_id)}/{item.id}"


def memberships_url(school, course):
    return f"{school.service_url}/api/lti/courses/{course.id}/names_and_roles"


def notices_url(school):
    return f"{school.service_url}/api/lti/notice-handlers/{school.tool.type_id}"


def context(school, course):
    return {"id": ids.context(school, course), "label": course.shortname, "title": course.fullname,
            "type": ["http://purl.imsglobal.org/vocab/lis/v2/course#CourseOffering"], **BLANK}


def platform(school):
    return {"guid": md5(school.public_url.encode()).hexdigest() + ":canvas-lms", "name": school.name, "version": "cloud",
            "product_family_code": "canvas", **BLANK}


def envelope(school, nonce):
    """What every token of this platform to the tool has."""
    now = school.now()
    return {LTI + "version": "1.3.0", LTI + "deployment_id": school.tool.deployment_id, "iss": school.issuer,
            "aud": school.tool.client_id, "azp": school.tool.client_id, "iat": now,
            "exp": now + school.quirks.exp_seconds, "nonce": nonce}


def build(school, course, user, nonce, *, link=None, window="iframe", placement=None, deep_link=None):
    """All claims of one launch: of `link`, or of a deep-linking request with its settings."""
    legacy = sha1(f"{school.namespace} legacy {user.id}".encode()).hexdigest()
    found = {
        LTI + "message_type": "LtiDeepLinkingRequest" if deep_link else "LtiResourceLinkRequest",
        **envelope(school, nonce), "sub": ids.user(school, user),
        LTI + "target_link_uri": (link.tool_url if link else "") or school.tool.launch_url,
        LTI + "context": context(school, course), LTI + "tool_platform": platform(school),
        LTI + "launch_presentation": {
            "document_target": window, "height": None, "width": None, "locale": "en",
            "return_url": f"{school.public_url}/courses/{course.id}/external_content/success/external_tool_redirect", **BLANK},
        "locale": "en", LTI + "roles": roles(course, user),
        LTI + "custom": custom(school, course, user, link),
        LTI + "lti11_legacy_user_id": legacy, LTI + "lti1p1": {"user_id": legacy, **BLANK},
        LTI + "lis": {"person_sourcedid": user.idnumber or None, "course_offering_sourcedid": course.idnumber or None, **BLANK},
        INSTRUCTURE + "placement": placement, INSTRUCTURE + "lti_student_id": None, **NO_ERRORS, **personal(school, user)}
    if deep_link:
        found[DEEP_LINKING + "deep_linking_settings"] = deep_link
    else:
        is_own = link is not None and not link.is_navigation
        found[LTI + "resource_link"] = {"id": ids.resource_link(school, course, link), "description": None,
                                        "title": link.title if is_own else None, **BLANK}
    mentored = course.enrolments[user.id].observes if course.active_role_of(user.id) == OBSERVER else ()
    if mentored:
        found[LTI + "role_scope_mentor"] = [ids.user(school, school.users[n]) for n in mentored]
    return found | service_claims(school, course, link)


def custom(school, course, user, link):
    """The key's parameters; a link's own, from deep linking, come over them."""
    return expand({**school.tool.custom, **(link.custom if link else {})}, variables(school, course, user, link))


def personal(school, user):
    found = {"picture": f"{school.public_url}/images/messages/avatar-50.png"} if school.quirks.names else {}
    if school.quirks.names:
        found.update(name=user.name, given_name=user.given, family_name=user.family)
    if school.quirks.email:
        found["email"] = user.email
    return found


def service_claims(school, course, link):
    granted, found = permitted_scopes(school), {}
    ags = [scope for scope in granted if scope.startswith(AGS_SCOPE)]
    if ags:
        endpoint = {"scope": ags, "lineitems": line_items_url(school, course.id), **BLANK}
        on_link = school.line_items_on(link) if link and not link.is_navigation else []
        if len(on_link) == 1:
            endpoint["lineitem"] = line_item_url(school, on_link[0])
        found["https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"] = endpoint
    if NRPS_SCOPE in granted:
        found["https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"] = {
            "context_memberships_url": memberships_url(school, course), "service_versions": ["2.0"], **BLANK}
    if NOTICES_SCOPE in granted:
        found[LTI + "platformnotificationservice"] = {
            "service_versions": ["1.0"], "platform_notification_service_url": notices_url(school),
            "scope": [NOTICES_SCOPE], "notice_types_supported": NOTICE_TYPES, **BLANK}
    return found
