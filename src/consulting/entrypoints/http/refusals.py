"""Refusals that only the web knows: about the request itself, not about what it asks for."""

from __future__ import annotations

from consulting.domain.errors import ConsultingError


class SignInRequired(ConsultingError):
    """Sign in first: send `Authorization: Bearer <token>`."""

    code = "UNAUTHORIZED"


class TokenInvalid(ConsultingError):
    """This token is not valid, or no longer: sign in again."""

    code = "TOKEN_INVALID"


class Forbidden(ConsultingError):
    """Your account may not do this."""

    code = "FORBIDDEN"


class ScopeMissing(ConsultingError):
    """This API key is not for that: it lacks the scope that `details.scope` names."""

    code = "SCOPE_MISSING"


class UserMissing(ConsultingError):
    """Name the user whom this is for, by the header Consulting-User; the API key needs the scope act:users for it."""

    code = "USER_MISSING"


class ActingRefused(ConsultingError):
    """The headers Consulting-User and Consulting-User-Email are for API keys only: leave them out."""

    code = "ACTING_REFUSED"


class PathNotFound(ConsultingError):
    """There is nothing at this path: see /schema for what there is."""

    code = "NOT_FOUND"


class MethodNotAllowed(ConsultingError):
    """This path doesn't take this method: the header Allow names those that it takes."""

    code = "METHOD_NOT_ALLOWED"


class BodyTooLarge(ConsultingError):
    """The body is longer than this server reads."""

    code = "BODY_TOO_LARGE"


class UnsupportedMediaType(ConsultingError):
    """Send the body as JSON, with `Content-Type: application/json`."""

    code = "UNSUPPORTED_MEDIA_TYPE"


class BodyMalformed(ConsultingError):
    """The body is no JSON document in UTF-8."""

    code = "MALFORMED_BODY"


class RequestMalformed(ConsultingError):
    """The request can't be read."""

    code = "BAD_REQUEST"


class Overloaded(ConsultingError):
    """Too much is going on at the moment: try again shortly."""

    code = "OVERLOADED"


class TooManyRequests(ConsultingError):
    """That is more than you may ask for in a while: wait for the seconds in the header Retry-After."""

    code = "TOO_MANY_REQUESTS"


class NotReady(ConsultingError):
    """This instance can't take requests yet; `details.checks` says what is missing, where you may know."""

    code = "NOT_READY"


class SignInUnavailable(ConsultingError):
    """The issuer of the tokens doesn't answer, so nobody can be recognized: try again shortly."""

    code = "SIGN_IN_UNAVAILABLE"


class InternalError(ConsultingError):
    """Something went wrong here, and it is not your doing; the request id finds it in our logs."""

    code = "INTERNAL_ERROR"
