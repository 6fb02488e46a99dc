"""The commands of `ttmserve` and their flags; what they do stands in the modules beside it.

A command imports what it runs only when it is called: the plain install has no server and no model.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from ttm_client import Client
from ttm_protocol.answers import Answer, SessionInfo, from_plain
from ttm_protocol.errors import BadRequest, TTMError
from ttm_server.cli.extras import NotInstalled, packages_of
from ttm_server.secret_files import values_from_files

DEFAULT_URL = "http://127.0.0.1:8000"
KEY_VARIABLES = ("TTMSERVE_API_KEY",)
app = typer.Typer(
    name="ttmserve",
    help="Stream a camera and microphone in, ask about earlier events.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
console = Console()
errors = Console(stderr=True)

Url = Annotated[str, typer.Option("--url", envvar="TTMSERVE_URL", help="Where the server is.")]
Key = Annotated[
    str | None, typer.Option("--api-key", envvar="TTMSERVE_API_KEY", help="API key, if it has any.")
]


class Action(StrEnum):
    """What `things` does with a name."""

    add = "add"
    remove = "remove"


def main() -> None:
    """Run the command line.

    A TTMError becomes one line and exit status 1, a command without its packages one and 2.
    """
    try:
        # A key that stands in a file, as every setting of a server may.
        os.environ.update(values_from_files(KEY_VARIABLES, os.environ))
        app()
    except TTMError as error:
        _complain(f"ttmserve: {error.message}")
        sys.exit(1)
    except NotInstalled as error:
        _complain(str(error))
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


def _complain(line: str) -> None:
    errors.print(line, style="red", highlight=False, markup=False, soft_wrap=True)


@app.command()
def demo(
    keep: Annotated[bool, typer.Option(help="Keep the session's data folder.")] = False,
) -> None:
    """Stream the demo clip through the whole stack, ask about it, check every answer."""
    with packages_of("server", "demo"):
        from ttm_server.cli.demo import run_demo

    raise typer.Exit(asyncio.run(run_demo(console, keep=keep)))


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Data of the embedded Valkey.")] = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Worker processes.")] = 1,
) -> None:
    """All in one: embedded Valkey (unless TTM_REDIS_URL is set), gateway and workers."""
    with packages_of("server", "serve"):
        from ttm_server.cli.supervisor import run_all
        from ttm_server.config import load_settings

    settings = load_settings(host=host, port=port, data_dir=data_dir)
    raise typer.Exit(run_all(settings, workers, console))


@app.command()
def gateway() -> None:
    """One gateway process; TTM_REDIS_URL says where the store is."""
    with packages_of("server", "gateway"):
        from ttm_server.gateway.__main__ import main as run_gateway

    raise typer.Exit(run_gateway())


@app.command()
def worker() -> None:
    """One worker process; TTM_REDIS_URL says where the store is."""
    with packages_of("server", "worker"):
        from ttm_server.worker.__main__ import main as run_worker

    raise typer.Exit(run_worker())


@app.command()
def stream(
    source: Annotated[
        str,
        typer.Argument(
            help="A media file; an RTSP or HTTP URL; camera, microphone or camera+microphone, "
            "each with :DEVICE if not the first one; - for standard input."
        ),
    ],
    session: Annotated[str | None, typer.Option(help="Session id; unset: a new one.")] = None,
    speed: Annotated[str, typer.Option(help="1 is real time; max is as fast as possible.")] = "1",
    live: Annotated[
        bool, typer.Option("--live", help="It never waits, though its name looks like a file's.")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Skip what the session already has of the source.")
    ] = False,
    events: Annotated[bool, typer.Option("--events", help="Print what is noticed.")] = False,
    pictures: Annotated[int, typer.Option(min=1, max=4, help="Pictures per half second.")] = 1,
    url: Url = DEFAULT_URL,
    api_key: Key = None,
) -> None:
    """Stream pictures and sound into a session: new, or going on after what it has."""
    from ttm_server.cli.streaming import stream_source

    asyncio.run(
        stream_source(
            console,
            Client(url, api_key),
            source,
            session,
            speed,
            live=live,
            resume=resume,
            events=events,
            pictures_per_chunk=pictures,
        )
    )


@app.command()
def ask(
    session: Annotated[str, typer.Argument(help="Session id.")],
    question: Annotated[str, typer.Argument(help="For instance: when did the dog bark?")],
    since: Annotated[float | None, typer.Option(help="Only after this media second.")] = None,
    until: Annotated[float | None, typer.Option(help="Only before this media second.")] = None,
    picture: Annotated[
        Path | None, typer.Option(help="A JPEG, PNG or WebP file that the question is about.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole answer.")] = False,
    url: Url = DEFAULT_URL,
    api_key: Key = None,
) -> None:
    """Ask a session about its past: "when did you see this?" with a picture."""
    from ttm_server.cli.show import show_answer

    async def call() -> dict[str, Any]:
        async with Client(url, api_key) as client:
            return await client.ask(session, question, since, until, picture=picture)

    answer = asyncio.run(call())
    if as_json:
        typer.echo(json.dumps(answer, indent=2))
    else:
        show_answer(console, from_plain(answer, Answer))


@app.command()
def words(
    session: Annotated[str, typer.Argument(help="Session id.")],
    since: Annotated[float | None, typer.Option(help="Only after this media second.")] = None,
    until: Annotated[float | None, typer.Option(help="Only before this media second.")] = None,
    vtt: Annotated[bool, typer.Option("--vtt", help="As captions, a WebVTT file.")] = False,
    url: Url = DEFAULT_URL,
    api_key: Key = None,
) -> None:
    """Print what was said and written, as far as the session's memory holds it."""
    from ttm_server.cli.words import print_words

    asyncio.run(print_words(console, Client(url, api_key), session, since, until, vtt=vtt))


@app.command()
def things(
    session: Annotated[str, typer.Argument(help="Session id.")],
    action: Annotated[
        Action | None, typer.Argument(help="add or remove a name; neither: list them.")
    ] = None,
    name: Annotated[str | None, typer.Argument(help="For instance: my cup.")] = None,
    since: Annotated[
        float | None, typer.Option(help="add: what was there after this media second.")
    ] = None,
    until: Annotated[
        float | None, typer.Option(help="add: what was there before this media second.")
    ] = None,
    url: Url = DEFAULT_URL,
    api_key: Key = None,
) -> None:
    """List the things that a session was taught, teach it one by name, or forget one.

    `add` binds what was just seen or heard, unless told another time.
    """
    from ttm_server.cli.things import add_thing, list_things, remove_thing

    if (action is None) != (name is None):
        raise BadRequest("things: `add NAME`, `remove NAME`, or neither")
    client = Client(url, api_key)
    if name is None:
        asyncio.run(list_things(console, client, session))
    elif action is Action.add:
        asyncio.run(add_thing(console, client, session, name, since, until))
    else:
        asyncio.run(remove_thing(console, client, session, name))


@app.command()
def sessions(url: Url = DEFAULT_URL, api_key: Key = None) -> None:
    """List the sessions."""
    from ttm_server.cli.show import show_sessions

    async def call() -> list[dict[str, Any]]:
        async with Client(url, api_key) as client:
            return await client.sessions()

    show_sessions(console, from_plain(asyncio.run(call()), list[SessionInfo]))


@app.command("export")
def export_memory(
    session: Annotated[str, typer.Argument(help="Session id.")],
    file: Annotated[Path, typer.Argument(help="Where to write the safetensors file.")],
    url: Url = DEFAULT_URL,
    api_key: Key = None,
) -> None:
    """Write a session's committed memory to a file."""
    from ttm_server.cli.memory import export

    asyncio.run(export(console, Client(url, api_key), session, file))


@app.command("import")
def import_memory(
    file: Annotated[Path, typer.Argument(help="A file that `export` wrote.")],
    session: Annotated[str | None, typer.Option(help="Session id; unset: a new one.")] = None,
    url: Url = DEFAULT_URL,
    api_key: Key = None,
) -> None:
    """Put an exported memory into a session."""
    from ttm_server.cli.memory import bring_in

    asyncio.run(bring_in(console, Client(url, api_key), file, session))


@app.command()
def mcp(
    url: Url = DEFAULT_URL,
    api_key: Annotated[
        str | None,
        typer.Option(envvar=["TTM_API_KEY", "TTMSERVE_API_KEY"], help="API key, if it has any."),
    ] = None,
    http_port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, help="Serve http://127.0.0.1:PORT/mcp instead of stdio."),
    ] = None,
) -> None:
    """Let an agent ask the server's memories: an MCP server over standard input and output."""
    with packages_of("client", "mcp"):
        from ttm_client.mcp_server import serve_mcp

    serve_mcp(url, api_key, http_port)


@app.command()
def doctor() -> None:
    """Say what is installed, what works, and what to do about the rest."""
    from ttm_server.cli.doctor import run_doctor

    raise typer.Exit(run_doctor(console))


@app.command()
def config(
    markdown: Annotated[
        bool, typer.Option("--markdown", help="The reference of all settings, as a page.")
    ] = False,
) -> None:
    """Print every setting with its value here, secrets hidden, and where it comes from."""
    with packages_of("server", "config"):
        from ttm_server.cli import config_reference
        from ttm_server.config import load_settings

    if markdown:
        typer.echo(config_reference.page(), nl=False)
    else:
        config_reference.show(console, load_settings())


weights = typer.Typer(help="The weight files: what they are, and whether they are the right ones.")
app.add_typer(weights, name="weights", no_args_is_help=True)


@weights.command("list")
def list_weights(
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Print the table: whose each file is, for what, its licence, and its digest."""
    with packages_of("worker", "weights"):
        from ttm_server.cli.weights import show

    show(console, as_json=as_json)


@weights.command("verify")
def verify_weights(
    without: Annotated[
        list[str] | None, typer.Option(help="A file or model that need not be there.")
    ] = None,
) -> None:
    """Hash every file; status 1 where one is missing or not the published one."""
    with packages_of("worker", "weights"):
        from ttm_server.cli.weights import verify

    raise typer.Exit(verify(console, without or ()))


@weights.command("pull")
def pull_weights(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Files or models of the table; none: all that do not verify."),
    ] = None,
) -> None:
    """Fetch the publisher's copies into TTM_WEIGHTS_DIR, resumed and checked."""
    with packages_of("worker", "weights"):
        from ttm_server.cli.weights import fetch

    fetch(console, names or ())


# What follows has a command line of its own, with flags and help.
PASSED_ON = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


@app.command(context_settings=PASSED_ON)
def bench(context: typer.Context) -> None:
    """Measure the cost of a step and the size of a memory, early and late in a stream."""
    with packages_of("lab", "bench"):
        from ttm_lab.bench import main as run_bench

    raise typer.Exit(run_bench(context.args))


@app.command("eval", context_settings=PASSED_ON)
def evaluate(context: typer.Context) -> None:
    """Measure the memory beside every alternative on the same episodes."""
    with packages_of("lab", "eval"):
        from ttm_lab.evaluation.__main__ import main as run_evaluation

    raise typer.Exit(run_evaluation(context.args))


@app.command(context_settings=PASSED_ON)
def train(context: typer.Context) -> None:
    """Train a system or a part of one: seeded, resumable, with progress."""
    with packages_of("lab", "train"):
        from ttm_lab.training.__main__ import main as run_training

    raise typer.Exit(run_training(context.args))
