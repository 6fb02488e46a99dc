"""The streaming client against real gateways through a network that cuts, freezes and moves."""

import asyncio
import contextlib
import time

import pytest

from both_sides import Store
from gateway.falling_back import fall_back
from gateway.harness import Client as Raw
from gateway.harness import FakeWorker, serving
from gateway.proxy import Proxy
from ttm_client import Client, MediaChunk, stream
from ttm_protocol.errors import Overloaded, SessionNotFound, Superseded
from ttm_protocol.messages import Chunk, Gap, Picture, decode_chunk

CHUNKS = 40
JPEG_BYTES = 3000


@pytest.fixture
async def gateway(clean_valkey, settings):
    async with serving(clean_valkey.url, settings) as served:
        yield served


def media(number):
    return MediaChunk((number - 1) * 0.5, 0.5, audio=bytes([number % 256]) * 3200)


def source(count=CHUNKS, each=None):
    for number in range(1, count + 1):
        if each is not None:
            each(number)
        yield media(number)


class Keeper(FakeWorker):
    """A worker that remembers every chunk it applied, with its number."""

    def __init__(self, store: Store, sid: str) -> None:
        super().__init__(store, sid)
        self.applied: list[Chunk] = []
        read = store.read_chunks

        async def reading(sid, after, count):
            found = await read(sid, after, count)
            self.applied += [decode_chunk(payload) for _, payload in found]
            return found

        self.store = _With(store, reading)


class _With:
    def __init__(self, store, read_chunks):
        self._store = store
        self.read_chunks = read_chunks

    def __getattr__(self, name):
        return getattr(self._store, name)


def whole(applied, count=CHUNKS):
    """Every chunk once, in order, with its own content."""
    assert [chunk.seq for chunk in applied] == list(range(1, count + 1))
    assert [(chunk.t, chunk.audio) for chunk in applied] == [
        (media(number).t, media(number).audio) for number in range(1, count + 1)
    ]
    assert all(chunk.gap is None for chunk in applied)


async def test_connections_cut_in_mid_message_lose_and_repeat_nothing(gateway):
    async with Proxy(gateway.port) as proxy, Client(proxy.base) as client:
        sid = (await client.create_session())["session_id"]

        def cut(progress):
            if progress.sent in (5, 12, 20, 33) and progress.sent not in cuts:
                cuts.append(progress.sent)
                proxy.cut_after(up=1700 + 100 * len(cuts))  # within the next chunk of 3.3 kB

        cuts = []
        async with Keeper(gateway.store, sid) as worker:
            done = await stream(client, sid, source(), speed=None, on_progress=cut)
    whole(worker.applied)
    assert (done.durable, done.applied) == (CHUNKS, CHUNKS)
    assert len(cuts) == 4
    assert done.reconnects >= 4
    assert (done.thinned, done.dropped, done.lost_s) == (0, 0, 0.0)
    assert (await gateway.store.session(sid)).status == "ended"


async def test_lost_acknowledgements_are_no_loss_and_no_repeat(gateway):
    async with Proxy(gateway.port) as proxy, Client(proxy.base) as client:
        sid = (await client.create_session())["session_id"]

        def cut(progress):
            if progress.durable >= 6 and not cuts:
                cuts.append(progress)
                proxy.cut_after(down=10)

        cuts = []
        async with Keeper(gateway.store, sid) as worker:
            done = await stream(client, sid, source(), speed=None, on_progress=cut)
    whole(worker.applied)
    assert done.reconnects >= 1


async def test_a_stream_moves_to_another_gateway_at_goaway(clean_valkey, settings):
    """The load balancer sends the next connection to the other gateway; no chunk is lost."""
    async with (
        serving(clean_valkey.url, settings) as one,
        serving(clean_valkey.url, settings) as other,
        Proxy(one.port) as proxy,
        Client(proxy.base) as client,
    ):
        sid = (await client.create_session())["session_id"]
        drains = []

        def away(progress):
            if progress.durable >= 10 and not drains:
                proxy.target = other.port
                drains.append(asyncio.ensure_future(one.server._gateway.drain()))

        async with Keeper(one.store, sid) as worker:
            done = await stream(client, sid, source(), speed=None, on_progress=away)
        await drains[0]
        assert done.reconnects == 1
        assert other.value("ttm_chunks_received_total") > 0
        assert one.value("ttm_ws_closes_total", code="1012") == 0  # it left before it was told to
    whole(worker.applied)


async def test_the_newer_of_two_clients_wins_and_the_older_does_not_fight_back(gateway):
    async with Client(gateway.base) as client:
        sid = (await client.create_session())["session_id"]
        waiting = asyncio.Event()

        def endless():
            yield from source(5)
            while not waiting.is_set():
                time.sleep(0.02)

        async with FakeWorker(gateway.store, sid):
            older = asyncio.create_task(stream(client, sid, endless(), speed=None))
            try:
                async with asyncio.timeout(20):
                    while (await gateway.store.session(sid)).applied_seq < 5:
                        await asyncio.sleep(0.02)
                session = {"session_id": sid}
                async with gateway.stream(session, await client.ticket(sid)) as newer:
                    assert newer.seen[0]["next_seq"] == 6
                    with pytest.raises(Superseded):
                        await older
                    await newer.send(6)
                    await newer.expect("ack", durable=6)
            finally:
                waiting.set()
        assert gateway.value("ttm_ws_closes_total", code="4409") == 1


@pytest.mark.parametrize("idle", [True, False], ids=["between chunks", "while it is away"])
async def test_a_store_that_fell_back_is_served_again(gateway, clean_valkey, idle):
    """Within ten seconds nothing is lost: what the server forgot is sent again."""
    import redis

    async with Proxy(gateway.port) as proxy, Client(proxy.base) as client:
        sid = (await client.create_session())["session_id"]
        fell = []

        def pause(number):
            if number == 7:
                until_s = time.monotonic() + 20
                while not fell and time.monotonic() < until_s:
                    time.sleep(0.01)

        async def trouble(raw):
            async with asyncio.timeout(20):
                while (await gateway.store.session(sid)).durable_seq < 6:
                    await asyncio.sleep(0.01)
            if not idle:
                proxy.cut()
            fall_back(raw, sid, 3)
            fell.append(True)

        with redis.Redis.from_url(clean_valkey.url) as raw:
            troubled = asyncio.create_task(trouble(raw))
            async with asyncio.timeout(60):
                streaming = asyncio.create_task(stream(client, sid, source(12, pause), speed=None))
                await troubled
                async with Keeper(gateway.store, sid) as worker:
                    done = await streaming
    whole(worker.applied, 12)
    assert done.reconnects >= 1
    assert done.lost_s == 0.0


async def test_further_back_the_loss_is_reported_as_a_gap(gateway, clean_valkey):
    """Forty seconds are gone: ten are sent again, the rest is one gap in the session."""
    import redis

    count = 100
    async with Proxy(gateway.port) as proxy, Client(proxy.base) as client:
        sid = (await client.create_session())["session_id"]
        held, back = asyncio.Event(), asyncio.Event()
        loop = asyncio.get_running_loop()

        def pause(number):
            if number == 91:
                loop.call_soon_threadsafe(held.set)
                until_s = time.monotonic() + 20
                while not back.is_set() and time.monotonic() < until_s:
                    time.sleep(0.01)

        streaming = asyncio.create_task(stream(client, sid, source(count, pause), speed=None))
        async with Keeper(gateway.store, sid) as first:
            await held.wait()
            async with asyncio.timeout(20):
                while len(first.applied) < 90:
                    await asyncio.sleep(0.01)
        with redis.Redis.from_url(clean_valkey.url) as raw:
            keys = [f"ttm:{{{sid}}}:{name}" for name in ("in", "lease", "events")]
            raw.delete(*keys)
            fall_back(raw, sid, 10)
            raw.hset(f"ttm:{{{sid}}}:meta", mapping={"applied": 10, "fence": "", "owner": ""})
        back.set()
        async with Keeper(gateway.store, sid) as worker:
            done = await asyncio.wait_for(streaming, 30)
    seqs = [chunk.seq for chunk in worker.applied]
    assert seqs == list(range(11, 11 + len(seqs)))
    first_again = worker.applied[0]
    assert first_again.gap == Gap(5.0, first_again.t, "lost")
    assert first_again.t == 35.0  # ten seconds before the end of chunk 90
    assert worker.applied[-1].t == media(count).t
    assert done.lost_s == 30.0
    assert gateway.value("ttm_chunks_dropped_total", reason="client_lost") == 1


async def test_a_live_source_does_not_wait_and_says_what_it_dropped(gateway):
    """The worker stands still for longer than anything is kept; what is left out is said."""
    count = 80
    async with Client(gateway.base) as client:
        sid = (await client.create_session())["session_id"]
        picture = _jpeg()

        def camera():
            for number in range(1, count + 1):
                start_s = (number - 1) * 0.5
                time.sleep(0.005)
                yield MediaChunk(start_s, 0.5, (Picture(start_s, picture),), b"\0" * 3200)
            all_read.set()

        import threading

        all_read = threading.Event()
        async with Keeper(gateway.store, sid) as worker:
            worker.go.clear()
            streaming = asyncio.create_task(stream(client, sid, camera(), speed=None, live=True))
            assert await asyncio.to_thread(all_read.wait, 30)  # it was never held up
            worker.go.set()
            done = await asyncio.wait_for(streaming, 30)
    applied = worker.applied
    assert [chunk.seq for chunk in applied] == list(range(1, len(applied) + 1))
    assert done.dropped > 0
    assert done.thinned > 0
    assert len(applied) + done.dropped == count
    covered = set()
    for chunk in applied:
        if chunk.gap is not None:
            assert chunk.gap.reason == "backpressure"
            covered |= set(range(round(chunk.gap.t0 * 2), round(chunk.gap.t1 * 2)))
        if chunk.video:
            covered.add(round(chunk.t * 2))
    assert covered == set(range(count))  # every half second was sent with its picture or as a gap
    assert applied[-1].video
    assert applied[-1].gap is None


def _jpeg():
    import io

    from PIL import Image

    out = io.BytesIO()
    Image.effect_noise((64, 48), 50).save(out, "JPEG")
    return out.getvalue()


async def test_a_file_waits_for_a_slow_worker(gateway):
    async with Client(gateway.base) as client:
        sid = (await client.create_session())["session_id"]
        read = []
        async with Keeper(gateway.store, sid) as worker:
            worker.go.clear()
            streaming = asyncio.create_task(
                stream(client, sid, source(CHUNKS, read.append), speed=None)
            )
            async with asyncio.timeout(20):
                while (await gateway.store.session(sid)).durable_seq < 8:
                    await asyncio.sleep(0.02)
            await asyncio.sleep(0.3)
            assert len(read) < 20  # capacity, and a few ahead
            worker.go.set()
            await asyncio.wait_for(streaming, 30)
    whole(worker.applied)


async def test_a_session_deleted_meanwhile_is_final(gateway):
    async with Client(gateway.base) as client:
        sid = (await client.create_session())["session_id"]
        deleted = []

        def delete(progress):
            if progress.durable >= 3 and not deleted:
                deleted.append(asyncio.ensure_future(client.delete(sid)))

        with pytest.raises(SessionNotFound):
            await asyncio.wait_for(
                stream(client, sid, source(), speed=None, on_progress=delete), 30
            )


async def test_nobody_there_is_given_up_in_time(gateway):
    async with Proxy(gateway.port) as proxy, Client(proxy.base) as client:
        sid = (await client.create_session())["session_id"]
        proxy.target = 1
        with pytest.raises(Overloaded, match="no progress for"):
            await stream(client, sid, source(), speed=None, give_up_after_s=0.3)


async def test_another_client_in_between_is_said_clearly(gateway):
    async with Proxy(gateway.port) as proxy, Client(proxy.base) as client:
        sid = (await client.create_session())["session_id"]

        def pause(number):
            if number == 4:
                time.sleep(1.0)

        async def other():
            async with asyncio.timeout(20):
                while (await gateway.store.session(sid)).durable_seq < 3:
                    await asyncio.sleep(0.01)
            proxy.target = 1  # the first client is away for a while
            proxy.cut()
            async with gateway.stream({"session_id": sid}, await issued(gateway, sid)) as raw:
                await five_more(raw)
            proxy.target = gateway.port

        meanwhile = asyncio.create_task(other())
        with pytest.raises(Superseded, match="another client"):
            await stream(client, sid, source(60, pause), speed=None, give_up_after_s=20)
        await meanwhile


async def issued(gateway, sid):
    return (await gateway.store.issue_ticket(sid))[0]


async def five_more(raw: Raw):
    first = raw.seen[0]["next_seq"]
    for seq in range(first, first + 4):
        await raw.send(seq, t=100.0)
        await raw.expect("ack", durable=seq)
    with contextlib.suppress(Exception):
        await raw.socket.close()
