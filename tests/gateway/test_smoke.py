from gateway.harness import FakeWorker, serving
async def test_all(clean_valkey, settings):
    async with serving(clean_valkey.url, settings) as g:
        s = await g.session()
        print(s)
        async with FakeWorker(g.store, s["session_id"]), g.stream(s) as c:
            for i in range(1, 4):
                await c.send(i)
                await c.expect("ack", durable=i)
            r = await g.http.post(f"/v1/sessions/{s['session_id']}/questions", json={"question": "Did a bell ring?"})
            print(r.status_code, r.text)
            await c.end()
            print(await c.closed())
            for m in c.seen: print(m)
        for p in ("/v1/sessions", f"/v1/sessions/{s['session_id']}", "/metrics", "/nope", "/readyz", f"/v1/sessions/{s['session_id']}/timeline", "/"):
            r = await g.http.get(p)
            print(p, r.status_code, r.headers.get("content-type"), r.text[:3000])
