"""Problems as HTTP responses: JSON for programs, a small page for people."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from gateway.page import HEADERS, problem_page
from gateway.problem import MEDIA_TYPE, Problem
from sharedchain.display import Language, accepted_language


def problem_response(problem: Problem) -> Response:
    """The problem body with its status and headers."""
    return JSONResponse(problem.body(), problem.status, headers=problem.headers, media_type=MEDIA_TYPE)


def problem_for(request: Request, problem: Problem) -> Response:
    """The problem in the form the caller can read."""
    if not wants_html(request):
        return problem_response(problem)
    details = [f"{one.field}: {one.text}" for one in problem.findings] or [problem.detail]
    text = problem_page(problem.code, details, language_of(request))
    return HTMLResponse(text, problem.status, headers=HEADERS | problem.headers)


def wants_html(request: Request) -> bool:
    """True for a browser on a page: it names text/html, a program does not."""
    return "text/html" in request.headers.get("accept", "")


def language_of(request: Request) -> Language:
    """zh or en, as the browser prefers; Chinese when it says neither."""
    return accepted_language(request.headers.get("accept-language", ""))
