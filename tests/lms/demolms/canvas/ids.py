"""Canvas's opaque names for people, courses and links. They are made from the numbers inside, so nothing is stored."""
import uuid
from hashlib import sha1


def user(school, person):
    """`sub`."""
    return str(uuid.uuid5(school.namespace, f"user {person.id}"))


def context(school, course):
    return context_number(school, course.id)


def context_number(school, course_id):
    return sha1(f"{school.namespace} course {course_id}".encode()).hexdigest()


def link(school, activity):
    return str(uuid.uuid5(school.namespace, f"link {activity.instance}"))


def resource_link(school, course, activity):
    """`resource_link.id`: a launch from the course's menu has the context's id."""
    return context(school, course) if activity is None or activity.is_navigation else link(school, activity)


def find_user(school, name):
    """By LTI id or by Canvas's own number."""
    if name.isdecimal():
        return school.users.get(int(name))
    return next((u for u in school.users.values() if user(school, u) == name), None)


def find_link(school, course, name):
    """A link of this course by its UUID."""
    return next((a for a in school.activities_of(course)
                 if a.kind == "lti" and not a.is_navigation and link(school, a) == name), None)
