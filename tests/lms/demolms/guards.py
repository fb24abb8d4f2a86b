"""What every room needs to turn somebody away: Moodle's error pages, the login, rights in a course."""
from flask import abort, g, redirect, request


class MoodleError(Exception):
    """A Moodle error page: HTML, and by default status 404 whatever the client asked for."""

    def __init__(self, message, status=404):
        super().__init__(message)
        self.message, self.status = message, status


class LoginRequired(Exception):
    pass


def logged_in():
    if g.user is None:
        raise LoginRequired
    return g.user


def check_sesskey():
    logged_in()
    if request.values.get("sesskey") != g.session.sesskey:
        raise MoodleError("Your session has most likely timed out. Please go back and try again.")


def course_or_404(school, course_id):
    course = school.courses.get(course_id)
    if course is None:
        raise MoodleError("Can't find data record in database table course.")
    return course


def require_entry(school, course):
    """303 to the enrolment page when the person has no business in this course."""
    if not school.may_enter(logged_in(), course):
        abort(redirect(f"/enrol/index.php?id={course.id}", 303))


def require_administrator():
    if not logged_in().site_admin:
        raise MoodleError("Sorry, but you do not currently have permissions to do that.")


def require_teacher(school, course):
    require_entry(school, course)
    if not school.may_teach(g.user, course):
        raise MoodleError("Sorry, but you do not currently have permissions to do that.")
