"""Custom parameters: `$Name` becomes a value where the platform knows the variable, and stays as it is where not."""
import re
from hashlib import sha1

from .canvas import ids


def expand(parameters, table):
    """`table`: variable name -> function without arguments."""
    return {name: str(table[value[1:]]()) if value[:1] == "$" and value[1:] in table else value
            for name, value in parameters.items()}


def shared(course, user, link):
    """What both platforms know, under the specification's names."""
    table = {"Context.title": lambda: course.fullname, "Context.label": lambda: course.shortname,
             "CourseSection.title": lambda: course.fullname, "CourseSection.label": lambda: course.shortname,
             "CourseSection.sourcedId": lambda: course.idnumber,
             "User.username": lambda: user.username, "Person.name.full": lambda: user.name,
             "Person.name.given": lambda: user.given, "Person.name.family": lambda: user.family,
             "Person.email.primary": lambda: user.email, "Person.sourcedId": lambda: user.idnumber}
    if link and not link.is_navigation:
        table |= {"ResourceLink.title": lambda: link.title, "ResourceLink.description": lambda: link.intro}
    return table


def moodle(course, user, link):
    table = shared(course, user, link) | {
        "Context.id": lambda: course.id, "Context.sourcedId": lambda: course.idnumber, "User.id": lambda: user.id,
        "Context.id.history": lambda: ",".join(map(str, course.ancestors))}
    if link:
        table["ResourceLink.id"] = lambda: link.instance
    return table


def canvas(school, course, user, link):
    return shared(course, user, link) | {
        "Context.id": lambda: ids.context(school, course), "User.id": lambda: ids.user(school, user),
        "Context.id.history": lambda: ",".join(ids.context_number(school, n) for n in course.ancestors),
        "ResourceLink.id": lambda: ids.resource_link(school, course, link),
        "Canvas.user.id": lambda: user.id, "Canvas.user.globalId": lambda: 10_000_000_000_000 + user.id,
        "Canvas.user.loginId": lambda: user.username, "Canvas.user.sisSourceId": lambda: user.idnumber,
        "vnd.instructure.User.uuid": lambda: sha1(f"{school.namespace} {user.id}".encode()).hexdigest(),
        "Canvas.course.id": lambda: course.id, "Canvas.course.name": lambda: course.fullname,
        "Canvas.course.previousCourseIds": lambda: ",".join(map(str, course.ancestors)),
        "Canvas.root_account.global_id": lambda: 10_000_000_000_001, "Canvas.account.id": lambda: 1,
        "Canvas.api.baseUrl": lambda: school.public_url}


def with_moodles_names(parameters):
    """Moodle sends a parameter under its own name and, when that differs, under a plain one."""
    found = {}
    for name, value in parameters.items():
        found[re.sub(r"[^a-z0-9]", "_", name.lower())] = value
        found[name] = value
    return found
