"""Canvas's OAuth2 for its REST interface: one API developer key, the consent page, tokens that end, logout."""
import secrets
import urllib.parse
from dataclasses import dataclass, field
from typing import Optional

from flask import Blueprint, Response, current_app, g, jsonify, redirect, render_template, request

blueprint = Blueprint("canvas_oauth", __name__)
GRANTS = ("authorization_code", "refresh_token")
CODE_SECONDS = 600


@dataclass(eq=False)
class ApiKey:
    """The developer key, and what came of it. `scopes` None: the key enforces none."""
    client_id: str = field(default_factory=lambda: str(10 ** 13 + secrets.randbelow(10 ** 6)))
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    redirect_uris: tuple = ()
    scopes: Optional[tuple] = None
    is_on: bool = True
    seconds: int = 3600                                 # life of an access token
    asked: dict = field(default_factory=dict)           # consent pages that are open: id -> what was asked for
    codes: dict = field(default_factory=dict)
    grants: dict = field(default_factory=dict)          # refresh token -> Grant


@dataclass(eq=False)
class Grant:
    """One person's yes. Canvas keeps one access token for each: a new one ends the one before."""
    user_id: int
    scopes: tuple
    access: str = ""
    expires: int = 0


def holder(school, token):
    """The Grant a token of this key stands for, or None: unknown, ended, or over."""
    return next((grant for grant in school.api.grants.values()
                 if grant.access and grant.access == token and grant.expires > school.now()), None)


# ---- in the browser ----
def page_error(message, status=400):
    return render_template("error.html", message=message), status


@blueprint.get("/login/oauth2/auth")
def ask():
    """Never in a frame. What cannot be told to the tool is told to the person."""
    school, asked = current_app.school, request.args
    key = school.api
    if asked.get("client_id") != key.client_id or not key.is_on:
        return page_error("unauthorized_client: this developer key is unknown or switched off.", 401)
    if asked.get("redirect_uri") not in key.redirect_uris:
        return page_error("The redirect_uri does not match the developer key's settings.")
    if asked.get("response_type") != "code":
        return answer(asked, error="unsupported_response_type")
    wanted = tuple(asked.get("scope", "").split())
    if key.scopes is not None and (not wanted or not set(wanted) <= set(key.scopes)):
        return answer(asked, error="invalid_scope")
    number = secrets.token_urlsafe(16)
    key.asked[number] = {"redirect_uri": asked["redirect_uri"], "state": asked.get("state"), "scopes": wanted}
    people = [u for u in school.users.values() if u.site_admin or any(school.may_teach(u, c) for c in school.courses.values())]
    page = Response(render_template("oauth_consent.html", number=number, scopes=wanted, people=people))
    page.headers["X-Frame-Options"] = "SAMEORIGIN"
    return page


@blueprint.post("/login/oauth2/accept")
def decide():
    school = current_app.school
    asked = school.api.asked.pop(request.form.get("number"), None)
    if asked is None:
        return page_error("This page was answered already.")
    person = g.user or school.users.get(request.form.get("user", type=int))
    if request.form.get("decision") != "allow" or person is None:
        return answer(asked, error="access_denied", error_description="The user denied the request")
    code = secrets.token_hex(64)
    school.api.codes[code] = {**asked, "user_id": person.id, "expires": school.now() + CODE_SECONDS}
    return answer(asked, code=code)


def answer(asked, **told):
    told |= {"state": asked["state"]} if asked.get("state") else {}
    return redirect(asked["redirect_uri"] + "?" + urllib.parse.urlencode(told), 302)


# ---- the token service; services.issue hands these grants on ----
def refuse(code, description, status=400):
    return jsonify(error=code, error_description=description), status


def issue(school, form):
    key = school.api
    with school.lock:
        if (form.get("client_id"), form.get("client_secret")) != (key.client_id, key.secret) or not key.is_on:
            return refuse("invalid_client", "unknown client", 401)
        if form["grant_type"] == "refresh_token":
            grant = key.grants.get(form.get("refresh_token"))
            if grant is None:
                return refuse("invalid_grant", "refresh_token not found")
            return jsonify(fresh(school, grant))        # no new refresh token: the old one goes on
        code = key.codes.pop(form.get("code"), None)
        if code is None or code["expires"] <= school.now():
            return refuse("invalid_grant", "authorization_code not found")
        if code["redirect_uri"] != form.get("redirect_uri"):
            return refuse("invalid_grant", "incorrect redirect_uri")
        refresh = token()
        grant = key.grants[refresh] = Grant(code["user_id"], code["scopes"])
        return jsonify({**fresh(school, grant), "refresh_token": refresh})


def token():
    return "1~" + secrets.token_urlsafe(48).replace("-", "x").replace("_", "y")


def fresh(school, grant):
    person = school.users[grant.user_id]
    grant.access, grant.expires = token(), school.now() + school.api.seconds
    return {"access_token": grant.access, "token_type": "Bearer", "expires_in": school.api.seconds,
            "user": {"id": person.id, "name": person.name, "global_id": str(10 ** 13 + person.id), "effective_locale": "en"},
            "canvas_region": "local"}


@blueprint.delete("/login/oauth2/token")
def logout():
    """Ends the token that is shown, and the refresh token with it."""
    school = current_app.school
    shown = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    grant = holder(school, shown)
    if grant is None:
        told = jsonify(errors=[{"message": "Invalid access token."}])
        told.headers["WWW-Authenticate"] = 'Bearer realm="canvas-lms"'
        return told, 401
    school.api.grants = {refresh: one for refresh, one in school.api.grants.items() if one is not grant}
    return jsonify({})
