"""The REST calls of ttmserve, with JSON as it comes. Knows HTTP; no session, stream or media."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

import httpx

from ttm_client.pictures import encoded_picture
from ttm_client.tls import context_for
from ttm_protocol.errors import StoreUnavailable, TTMError, error_of_code

TIMEOUT_S = 60.0
PAGE = 500
PROXY_STATUSES = (502, 503, 504)  # of what stands before a server that is not there
MEMORY_TYPE = "application/vnd.safetensors"


class Rest:
    """One method for each call of a server's REST interface; its connections are kept open.

    Every call raises the TTMError whose code the server's problem document names, or
    StoreUnavailable when the server cannot be reached.
    """

    def __init__(self, base_url: str, api_key: str | None = None) -> None:
        self.base_url = base_url.rstrip("/")
        self.headers = {} if api_key is None else {"Authorization": f"Bearer {api_key}"}
        self.tls = context_for(self.base_url)
        self._http = httpx.AsyncClient(
            base_url=self.base_url,
            headers=self.headers,
            timeout=TIMEOUT_S,
            trust_env=False,
            verify=self.tls or True,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def create_session(self) -> dict[str, Any]:
        """A new session: `session_id`, `ticket`, `ticket_expires_s`, `stream_url`."""
        return await self._call("POST", "/v1/sessions", {})

    async def ticket(self, session_id: str) -> str:
        """A fresh single-use ticket for one stream connection."""
        body = await self._call("POST", f"/v1/sessions/{session_id}/tickets", {})
        return str(body["ticket"])

    async def info(self, session_id: str) -> dict[str, Any]:
        """One session's status, positions, gaps, model and memory."""
        return await self._call("GET", f"/v1/sessions/{session_id}")

    async def sessions(self) -> list[dict[str, Any]]:
        """Every session, oldest first, asked for page by page."""
        found: list[dict[str, Any]] = []
        after = ""
        while True:
            path = f"/v1/sessions?limit={PAGE}{after}"
            page = (await self._call("GET", path))["sessions"]
            found += page
            if len(page) < PAGE:
                return found
            after = f"&after={page[-1]['session_id']}"

    async def delete(self, session_id: str) -> None:
        """Delete a session and every key of it."""
        await self._call("DELETE", f"/v1/sessions/{session_id}")

    async def ask(
        self,
        session_id: str,
        question: str,
        since_s: float | None = None,
        until_s: float | None = None,
        conversation: str | None = None,
        picture: bytes | str | Path | None = None,
    ) -> dict[str, Any]:
        """Ask about the past, within `[since_s, until_s]` media seconds where given.

        Questions with the same `conversation` id may lean on the one before ("and after that?").
        `picture`: a JPEG, PNG or WebP file (bytes or path) that the question is about.
        """
        shown = None if picture is None else await asyncio.to_thread(encoded_picture, picture)
        body = given(
            question=question,
            since_s=since_s,
            until_s=until_s,
            conversation=conversation,
            picture=shown,
        )
        return await self._call("POST", f"/v1/sessions/{session_id}/questions", body)

    async def timeline(self, session_id: str) -> dict[str, Any]:
        """What memory holds, decoded: `events` and `coverage_since_s`."""
        return await self._call("GET", f"/v1/sessions/{session_id}/timeline")

    async def summary(
        self, session_id: str, since_s: float | None = None, until_s: float | None = None
    ) -> dict[str, Any]:
        """What happened within `[since_s, until_s]` media seconds, by stretches of time."""
        path = f"/v1/sessions/{session_id}/summary"
        window = given(since_s=since_s, until_s=until_s)
        return dict((await self._response("GET", path, params=window)).json())

    async def words(
        self, session_id: str, since_s: float | None = None, until_s: float | None = None
    ) -> dict[str, Any]:
        """What was said and written: `words`, `coverage_since_s` and `words_until_s`."""
        return dict((await self._words(session_id, since_s, until_s, "json")).json())

    async def words_vtt(
        self, session_id: str, since_s: float | None = None, until_s: float | None = None
    ) -> str:
        """The same as captions, a WebVTT file."""
        return (await self._words(session_id, since_s, until_s, "vtt")).text

    async def _words(
        self, session_id: str, since_s: float | None, until_s: float | None, form: str
    ) -> httpx.Response:
        window = given(since_s=since_s, until_s=until_s, format=form)
        return await self._response("GET", f"/v1/sessions/{session_id}/words", params=window)

    async def things(self, session_id: str) -> dict[str, Any]:
        """The taught things: `things` and their `limit`."""
        return await self._call("GET", f"/v1/sessions/{session_id}/things")

    async def teach(
        self,
        session_id: str,
        name: str,
        since_s: float | None = None,
        until_s: float | None = None,
    ) -> dict[str, Any]:
        """Bind what was just seen or heard, or what was there in a stretch of time, to a name.

        Raises CannotTeach where nothing was there then or no room is left.
        """
        lesson = given(name=name, since_s=since_s, until_s=until_s)
        return await self._call("POST", f"/v1/sessions/{session_id}/things", lesson)

    async def forget(self, session_id: str, name: str) -> None:
        """Forget a taught name; raises ThingNotFound where it is none."""
        await self._call("DELETE", f"/v1/sessions/{session_id}/things/{quote(name, safe='')}")

    async def vocabulary(self) -> dict[str, Any]:
        """What the server's senses can recognise: `preset` and `senses`."""
        return await self._call("GET", "/v1/vocabulary")

    async def export_memory(self, session_id: str) -> bytes:
        """The committed memory as a safetensors file, with all that is needed to go on from it."""
        return (await self._response("GET", f"/v1/sessions/{session_id}/memory")).content

    async def import_memory(self, session_id: str, file: bytes) -> dict[str, Any]:
        """Put an exported memory in the place of the session's own; the session afterwards.

        Raises BadRequest for a file that is none, StateIncompatible for another model's.
        """
        response = await self._response(
            "PUT",
            f"/v1/sessions/{session_id}/memory",
            content=file,
            headers={"Content-Type": MEMORY_TYPE},
        )
        return dict(response.json())

    async def fork(self, session_id: str) -> dict[str, Any]:
        """A new session with a copy of this one's committed memory, like `create_session`."""
        return await self._call("POST", f"/v1/sessions/{session_id}/fork", {})

    async def ready(self) -> bool:
        """Whether the server says that it can serve."""
        try:
            return (await self._http.get("/readyz")).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    async def _call(
        self, method: str, path: str, body: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        response = await self._response(method, path, json=body)
        return response.json() if response.content else {}

    async def _response(self, method: str, path: str, **options: Any) -> httpx.Response:
        try:
            response = await self._http.request(method, path, **options)
        except httpx.HTTPError as error:
            raise StoreUnavailable(f"{self.base_url}: cannot be reached: {error}") from error
        if response.is_success:
            return response
        raise error_of(response)


def given(**fields: Any) -> dict[str, Any]:
    """The fields that are not None."""
    return {name: value for name, value in fields.items() if value is not None}


def error_of(response: httpx.Response) -> TTMError:
    """The error that a problem document stands for, or a proxy that cannot reach its server."""
    try:
        problem = response.json()
    except ValueError:
        problem = {}
    detail = str(problem.get("detail") or f"HTTP status {response.status_code}")
    if "code" not in problem and response.status_code in PROXY_STATUSES:
        return StoreUnavailable(f"what stands before the server cannot reach it: {detail}")
    return error_of_code(str(problem.get("code")), detail, field=problem.get("field"))
