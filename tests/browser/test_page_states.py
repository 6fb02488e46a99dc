"""The page in every state it can be in, with the SDK replaced: what it says, axe, no stray calls.

The files come from the real gateway with its real headers, so that a violation of the Content
Security Policy shows as a console error.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from PIL import Image

pytest.importorskip("playwright", reason="playwright is not installed: pip install playwright")

from browser.faults import serious_faults
from browser.serving import Watched, browser, chromium
from browser.states import ANSWERS, EVENTS, FAKE, VOCABULARY, WORDS
from gateway.harness import Served, serving
from ttm_server.config import Settings
from ttm_server.store import EmbeddedServer

PICTURE = Path(__file__).parents[1] / "conformance" / "picture.jpg"
SAID = {
    "type": "event",
    "seq": 196,
    "label": "and where did you put the cup",
    "modality": "speech",
    "start_s": 95.0,
    "end_s": 96.5,
    "score": 0.9,
}
FAKE_SDK = Path(__file__).parent / "fake_sdk"
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(chromium() is None, reason="Chromium is not installed"),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(valkey_server: EmbeddedServer) -> AsyncIterator[Served]:
    async with serving(valkey_server.url, Settings()) as served:
        yield served


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chrome() -> AsyncIterator[Any]:
    async with browser() as running:
        yield running


@asynccontextmanager
async def opened(
    chrome: Any,
    gateway: Served,
    *,
    path: str = "/",
    dark: bool = False,
    size: Any = DESK,
    **fake: Any,
) -> AsyncIterator[Any]:
    """The page with the replaced SDK; `fake` are changes to what it tells."""
    context = await chrome.new_context(viewport=size, color_scheme="dark" if dark else "light")
    page = await context.new_page()
    page.set_default_timeout(15_000)
    watched = Watched(page)

    async def replaced(route: Any) -> None:
        name = urlsplit(route.request.url).path.rpartition("/")[2]
        await route.fulfill(path=FAKE_SDK / name, content_type="text/javascript")

    await page.route(re.compile(r"/sdk/"), replaced)
    await page.add_init_script(f"globalThis.fake = {json.dumps(FAKE | fake)}")
    await page.goto(gateway.base + path)
    try:
        yield page
    finally:
        await context.close()
    assert watched.errors == []
    assert watched.hosts == {urlsplit(gateway.base).netloc}


async def started(page: Any) -> None:
    await page.click("#start")
    await page.wait_for_selector("#state[data-state=live]")
    await page.wait_for_selector(".slot[data-kind=video]")


async def ask(page: Any, question: str) -> Any:
    """Type a question; -> its answer's element."""
    await page.fill("#question", question)
    await page.press("#question", "Enter")
    answer = page.locator("#answers .answer").first
    await answer.locator(".chip-state").wait_for()
    return answer


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
async def test_no_state_has_a_serious_accessibility_fault(
    chrome: Any, gateway: Served, dark: bool, size: Any
) -> None:
    async with opened(chrome, gateway, dark=dark, size=size) as page:
        await page.emulate_media(reduced_motion="reduce")
        assert await serious_faults(page) == []
        await started(page)
        for question in reversed(ANSWERS):
            await ask(page, question)
        await ask(page, "Did anyone mention my umbrella?")
        await page.set_input_files("#picture-input", PICTURE)
        await page.wait_for_selector("#attached img")
        await page.click("#settings-button")
        await page.click("#list summary")
        await page.click(".kept summary")
        await page.click("#vocabulary summary")
        await page.click(".kind summary >> nth=0")
        await page.click("#teach-now")
        await page.evaluate("(e) => fakeSession.notice(e)", SAID)
        await page.evaluate("fakeSession.become('reconnecting', 'unreachable')")
        assert await serious_faults(page) == []
        width = await page.evaluate("document.documentElement.scrollWidth")
        assert width <= size["width"]  # nothing sticks out to the side


async def test_the_four_answer_states_differ_in_word_and_look(chrome: Any, gateway: Served) -> None:
    async with opened(chrome, gateway) as page:
        await started(page)
        looks, words = set(), set()
        for question in ANSWERS:
            answer = await ask(page, question)
            words.add(await answer.locator(".chip-state").inner_text())
            looks.add(
                await answer.evaluate(
                    "e => { const style = getComputedStyle(e);"
                    " const icon = e.querySelector('.chip-state path').getAttribute('d');"
                    " return [style.borderLeftStyle, style.borderLeftColor, icon].join(); }"
                )
            )
        assert words == {"Answered", "Not seen", "May have forgotten", "Cannot tell"}
        assert len(looks) == 4


async def test_evidence_moves_the_timeline_and_marks_its_slot(chrome: Any, gateway: Served) -> None:
    async with opened(chrome, gateway) as page:
        await started(page)
        for _ in range(4):
            await page.click("#zoom-in")  # now, at 1:38: the koala of 0:29 is out of sight
        bars = page.locator(".time .event", has_text="koala")
        assert await bars.count() == 0
        answer = await ask(page, "What did I show you before the umbrella?")
        await answer.locator(".evidence", has_text="koala").click()
        assert await bars.count() == 1
        assert "chosen" in str(await bars.get_attribute("class"))
        assert "koala, seen 0:29 to 0:34" in await page.inner_text("#detail")
        marked = page.locator(".slot.marked")
        assert await marked.get_attribute("aria-label") == (
            "Slot 18: koala, seen 0:29 to 0:34, strength 77 %"
        )


async def test_older_events_have_small_cells_of_their_own(chrome: Any, gateway: Served) -> None:
    async with opened(chrome, gateway) as page:
        await started(page)
        assert await page.locator("#slots .slot").count() == 60
        cells = page.locator("#archive .slot")
        assert await cells.count() == 312
        assert "in 20 of 372 slots" in await page.inner_text("#memory-note")
        older = page.locator("#archive .slot[data-kind=video]")
        await older.click()
        assert await page.locator(".time .event.chosen[data-label=violin]").count() == 1
        assert (await page.inner_text("#slot-detail")).startswith("Slot 63: violin, seen 0:18")


async def test_what_is_let_go_stays_to_be_seen_as_gone(chrome: Any, gateway: Served) -> None:
    async with opened(chrome, gateway) as page:
        await started(page)
        await page.click("#show-all")
        assert await page.locator(".time .event.gone").count() == 0
        await page.evaluate(
            "fake.timeline.events = fake.timeline.events.filter((e) => e.label !== 'hammer');"
            "fake.timeline.coverage_since_s = 24; fake.applied += 1;"
        )
        gone = page.locator(".time .event.gone")
        await gone.wait_for()
        assert "let go: hammer" in str(await gone.text_content())
        assert await page.inner_text("#let-go") == "Let go lately: hammer (0:25)"


async def test_a_notice_shows_at_once_and_then_gives_way_to_memory(
    chrome: Any, gateway: Served
) -> None:
    teapot = {"label": "teapot", "modality": "video", "start_s": 95.5, "end_s": 97.5, "score": 0.6}
    async with opened(chrome, gateway) as page:
        await started(page)
        await page.evaluate("(e) => fakeSession.notice({type: 'event', seq: 196, ...e})", teapot)
        fresh = page.locator(".time .event.fresh")
        await fresh.wait_for()
        assert "teapot" in await page.inner_text("#noticing")
        held = json.dumps(teapot | {"count": 1, "slot": 40})
        await page.evaluate(f"fake.timeline.events.push({held}); fake.applied = 197")
        await page.locator(".time .event.held", has_text="teapot").wait_for()
        assert await fresh.count() == 0
        assert "fresh" in str(await page.locator(".slot").nth(40).get_attribute("class"))


async def test_words_are_captions_then_passages_with_their_moment(
    chrome: Any, gateway: Served
) -> None:
    async with opened(chrome, gateway) as page:
        await started(page)
        assert await page.inner_text("#words-known") == "Words known up to 1:34"
        assert (
            await page.inner_text("#words-complete")
            == "What is older than 0:12 may have been let go"
        )
        passages = page.locator("#passages .passage")
        assert await passages.count() == len(WORDS["words"])
        first = await passages.first.inner_text()
        assert first.split("\n")[:2] == ["1:24", "said"]
        assert "only 41 % sure" in await passages.nth(2).inner_text()
        await page.click("#show-all")
        assert await page.locator(".time .event.held.speech").count() == 3
        assert await page.locator(".time .event.held.text").count() == 2
        assert await page.locator(".time .unknown title").text_content() == "Words known up to 1:34"
        await passages.nth(1).click()
        assert await page.inner_text("#detail") == "“PLATFORM 9”, read 1:02 to 1:10 · 88 % sure"
        assert await page.is_hidden("#teach-chosen")  # words have their name already

        await page.evaluate("(e) => fakeSession.notice(e)", SAID)
        assert await page.inner_text("#caption") == SAID["label"]
        await page.evaluate(
            "(e) => fakeSession.notice(e)", SAID | {"modality": "text", "label": "EXIT"}
        )
        assert "“EXIT”" in await page.inner_text("#noticing")
        fresh = page.locator(".time .event.fresh.speech")
        await fresh.wait_for()
        held = {"kind": "speech", "text": SAID["label"], "start_s": 95.0, "end_s": 96.5, "p": 0.9}
        more = json.dumps(held | {"count": 1, "language": "en", "words": []})
        await page.evaluate(f"fake.words.words.push({more}); fake.applied = 197")
        await page.locator(".time .event.held.speech").nth(3).wait_for()
        assert await fresh.count() == 0

        answer = await ask(page, "Did anyone mention my umbrella?")
        quote = answer.locator(".evidence.speech")
        assert "“look, there is my umbrella over there”" in await quote.inner_text()
        assert "Words known up to 1:34." in await answer.inner_text()
        await quote.click()
        assert "said 0:35 to 0:38" in await page.inner_text("#detail")
        assert await page.locator(".time .event.speech.chosen").count() == 1
        async with page.expect_download() as saved:
            await page.click("#words-file")
        assert (await saved.value).suggested_filename == "words.vtt"


async def test_everyday_names_stand_for_classes(chrome: Any, gateway: Served) -> None:
    async with opened(chrome, gateway) as page:
        await started(page)
        await page.click("#show-all")
        bar = page.locator(".time .event[data-label='Egyptian Mau']")
        assert await bar.locator("text").text_content() == "cat"
        assert "as Egyptian Mau" in str(await bar.locator("title").text_content())
        slot = page.locator(".slot", has_text="cat").last
        assert await slot.get_attribute("title") == "Egyptian Mau"
        answer = await ask(page, "Did anyone mention my umbrella?")
        evidence = answer.locator(".evidence.video")
        assert await evidence.get_attribute("title") == "Egyptian Mau"
        assert (await evidence.inner_text()).startswith("cat")
        await page.evaluate(
            "(e) => fakeSession.notice(e)", SAID | {"modality": "video", "label": "Egyptian Mau"}
        )
        assert "cat" in await page.inner_text("#noticing")  # the timeline has told its name


async def test_a_name_is_taught_and_taken_away(chrome: Any, gateway: Served) -> None:
    async with opened(chrome, gateway) as page:
        assert await page.is_hidden("#teach-now")
        await started(page)
        things = page.locator("#things .thing")
        assert await things.all_inner_texts() == [
            "my cup\n3 seen\nRemove",
            "doorbell\n1 heard\nRemove",
        ]
        assert await page.inner_text("#things-count") == "2 of 16"
        await page.click("#teach-now")
        assert "1:35 to 1:38" in await page.inner_text("#teach-span")
        await page.evaluate("fake.now = 105")  # whoever types slowly means what was there before
        await page.fill("#teach-name", " blue folder ")
        await page.press("#teach-name", "Enter")
        await things.nth(2).wait_for()
        assert await page.evaluate("fake.taught") == {
            "name": "blue folder",
            "sinceS": 95,
            "untilS": 98,
        }
        note = await page.inner_text("#teach-note")
        assert "Remembered as blue folder: what was seen 1:35 to 1:38" in note
        assert "would have called coffee mug" in note
        assert await page.is_hidden("#teach")
        assert await page.evaluate("document.activeElement.id") == "teach-now"

        await page.click("#show-all")
        await page.locator(".time .event[data-label=koala]").click()
        await page.click("#teach-chosen")
        assert "0:29 to 0:34" in await page.inner_text("#teach-span")
        for field, told in (("since_s", "Nothing was noticed"), ("name", "no room")):
            refused = {"code": "cannot_teach", "field": field}
            await page.evaluate("(e) => { fake.teachError = e; }", refused)
            await page.fill("#teach-name", "Karl")
            await page.press("#teach-name", "Enter")
            await page.wait_for_selector(f"#teach-note:has-text('{told}')")
            assert await page.input_value("#teach-name") == "Karl"  # nothing is typed twice
        await page.press("#teach-name", "Escape")
        assert await page.is_hidden("#teach")

        await things.first.locator("button").click()
        await things.nth(2).wait_for(state="detached")
        assert "my cup" not in await page.inner_text("#things")


async def test_a_question_takes_a_picture_along(
    chrome: Any, gateway: Served, tmp_path: Path
) -> None:
    noise = Image.frombytes("RGB", (2200, 1400), os.urandom(2200 * 1400 * 3))
    noise.save(tmp_path / "noise.png")
    (tmp_path / "text.png").write_bytes(b"no picture")
    async with opened(chrome, gateway) as page:
        assert await page.is_hidden("#picture-camera")
        await started(page)
        box, sent = page.locator("#attached img"), "fake.asked"
        await page.set_input_files("#picture-input", PICTURE)
        await box.wait_for()
        assert await page.get_attribute("#question", "placeholder") == "When did you see this?"
        await page.press("#question", "Enter")  # no words are needed
        answer = page.locator("#answers .answer").first
        await answer.locator(".chip-state").wait_for()
        assert await page.evaluate(sent) == {
            "text": "When did you see this?",
            "picture": "image/jpeg",
            "bytes": PICTURE.stat().st_size,
        }
        assert await answer.locator("img.asked-picture").evaluate("e => e.naturalWidth") > 0
        assert await box.count() == 0

        await page.set_input_files("#picture-input", tmp_path / "text.png")
        await page.wait_for_selector("#picture-note:has-text('no picture')")
        await page.set_input_files("#picture-input", tmp_path / "noise.png")  # 9 MB
        await box.wait_for()
        await ask(page, "What came before this?")
        asked = await page.evaluate(sent)
        assert asked["picture"] == "image/jpeg"
        assert 0 < asked["bytes"] <= 512 * 1024

        await page.click("#picture-camera")
        await box.wait_for()
        await page.click("#attached button")
        assert await box.count() == 0
        await ask(page, "Did you see a dog?")
        assert (await page.evaluate(sent))["picture"] is None


async def test_what_can_be_recognised_is_asked_for_when_opened(
    chrome: Any, gateway: Served
) -> None:
    async with opened(chrome, gateway, vocabulary=None) as page:
        await page.click("#vocabulary summary")
        await page.wait_for_selector("#vocabulary-body p:has-text('still starting')")
        await page.click("#vocabulary summary")
        await page.evaluate("(v) => { fake.vocabulary = v; }", VOCABULARY)
        await page.click("#vocabulary summary")
        await page.wait_for_selector(".sense")
        senses = await page.locator(".sense h3").all_inner_texts()
        assert senses == [
            "Sight · 1,000 classes",
            "Speech",
            "Reading · switched off on this server",
        ]
        await page.click(".kind summary >> nth=1")
        assert await page.is_visible("text=hammer, screwdriver")


async def test_the_keys_move_zoom_and_step_through_events(chrome: Any, gateway: Served) -> None:
    async with opened(chrome, gateway) as page:
        await started(page)
        await page.focus("#plot")
        await page.keyboard.press("Home")
        everything = len(EVENTS) + len(WORDS["words"])
        assert await page.locator(".time .event.held").count() == everything
        await page.keyboard.press("ArrowDown")
        assert (await page.inner_text("#detail")).startswith("castle, seen 0:14 to 0:19")
        await page.keyboard.press("ArrowDown")
        assert (await page.inner_text("#detail")).startswith("bell, heard 0:15 to 0:18")
        for _ in range(6):
            await page.keyboard.press("+")
        assert await page.locator(".time .event.held").count() < everything
        await page.keyboard.press("ArrowLeft")
        assert await page.get_attribute("#follow", "aria-pressed") == "false"
        await page.keyboard.press("End")
        assert await page.get_attribute("#follow", "aria-pressed") == "true"
        await page.focus(".slot >> nth=0")
        await page.keyboard.press("ArrowRight")
        await page.keyboard.press("ArrowDown")
        assert await page.evaluate("document.activeElement.getAttribute('aria-label')") == (
            "Slot 13: free"
        )
        await page.click("#list summary")
        rows = page.locator("#list-body tbody tr")
        await rows.nth(everything - 1).wait_for(state="attached")
        assert await rows.count() == everything


PROBLEMS = [
    ({"captureProblem": {"code": "insecure", "text": "x"}}, "https"),
    ({"startError": "denied"}, "Allow both"),
    ({"startError": "no_device"}, "Plug one in"),
    ({"startError": "busy"}, "Another program"),
    ({"connectError": "unreachable"}, "ttmserve serve"),
    ({"connectError": "quarantined"}, "Begin a new session"),
    ({"connectError": "rate_limited"}, "Close other tabs"),
    ({"connectError": "superseded"}, "Another tab"),
]


@pytest.mark.parametrize(("fake", "advice"), PROBLEMS, ids=[advice for _, advice in PROBLEMS])
async def test_each_problem_says_what_to_do(
    chrome: Any, gateway: Served, fake: dict[str, Any], advice: str
) -> None:
    async with opened(chrome, gateway, **fake) as page:
        await page.click("#start")
        problem = page.locator(".problem")
        await problem.first.wait_for()
        assert await problem.count() == 1
        assert advice in await problem.inner_text()
        assert await page.is_visible("#start")


async def test_a_tab_that_is_superseded_stops_and_says_so(chrome: Any, gateway: Served) -> None:
    async with opened(chrome, gateway) as page:
        await started(page)
        await page.evaluate("fakeSession.become('failed', 'superseded')")
        assert "Another tab has taken over" in await page.inner_text(".problem")
        assert await page.get_attribute("#state", "data-state") == "ended"
        assert await page.inner_text("#start") == "Go on"
        assert await page.is_visible("#welcome")  # the camera is off


async def test_a_short_interruption_is_not_a_problem_and_a_long_one_is(
    chrome: Any, gateway: Served
) -> None:
    async with opened(chrome, gateway) as page:
        await started(page)
        await page.evaluate("fakeSession.become('reconnecting', 'unreachable')")
        assert await page.inner_text("#state") == "Reconnecting…"
        assert await page.locator(".problem").count() == 0
        await page.locator(".problem").wait_for()
        await page.evaluate("fakeSession.become('live')")
        assert await page.inner_text("#state") == "Live"
        assert await page.locator(".problem").count() == 0


async def test_a_wanted_api_key_is_asked_for_and_kept_only_when_told(
    chrome: Any, gateway: Served
) -> None:
    wanted = {"connectError": "unauthenticated", "connectErrorOnce": True}
    async with opened(chrome, gateway, **wanted) as page:
        await page.click("#start")
        await page.fill("#key", "secret-1")
        await page.press("#key", "Enter")
        await page.wait_for_selector("#state[data-state=live]")
        assert await page.evaluate("sessionStorage.length + localStorage.length") == 0
        assert "secret-1" not in await page.content()


async def test_a_session_of_before_can_be_looked_at_and_asked_without_a_camera(
    chrome: Any, gateway: Served
) -> None:
    async with opened(chrome, gateway, path="/#session=V1StGXR8Z5jdHi6BmyT9") as page:
        await page.wait_for_selector(".slot[data-kind=audio]")
        answer = await ask(page, "Did you see a dog?")
        assert await answer.get_attribute("data-state") == "not_seen"
        assert await page.inner_text("#start") == "Go on"
        await page.click("#renew")
        assert await page.locator(".slot[data-kind=video]").count() == 0


async def test_a_session_that_is_gone_is_said_once_with_a_way_on(
    chrome: Any, gateway: Served
) -> None:
    gone = {"viewError": "no_such_session"}
    async with opened(chrome, gateway, path="/#session=gone", **gone) as page:
        await page.click(".problem button:has-text('New session')")
        assert await page.locator(".problem").count() == 0
        assert await page.inner_text("#start") == "Start"
        answer = page.locator("#answers .answer")
        await page.fill("#question", "Any dog?")
        await page.press("#question", "Enter")
        assert "Press Start first" in await answer.inner_text()


async def test_the_theme_button_overrides_the_system(chrome: Any, gateway: Served) -> None:
    colour = "getComputedStyle(document.body).backgroundColor"
    async with opened(chrome, gateway) as page:
        light = await page.evaluate(colour)
        await page.click("#theme")
        dark = await page.evaluate(colour)
        assert dark != light
        await page.reload()
        assert await page.evaluate(colour) == dark
