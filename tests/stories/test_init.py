"""`sluice init`, from nothing to two files that work: as an App, with a token, and when something is wrong."""

from __future__ import annotations

from bot.core.policy import PREVIEW
from bot.policy_file import read_policy
from tests.localhub.browser import Browser
from tests.stories.newcomer import COLUMNS, INSTALL, PAGE, Newcomer, Terminal, only_mine


def test_an_app_is_made_and_two_files_are_written(newcomer: Newcomer) -> None:
    """The browser makes the App and installs it; its key is nobody else's to read, and the dry run works."""
    init = newcomer.start(
        "--app", "--board", newcomer.board, "--agent", "true", "--webhook", "http://127.0.0.1:9/webhooks/github"
    )
    newcomer.install(newcomer.make_app(init))
    code, said = init.end()
    assert code == 0 and f"default branch of {newcomer.repo}" in said, said
    [key] = newcomer.folder.glob("*.pem")
    assert only_mine(key) and only_mine(newcomer.config) and "webhook_secret" in newcomer.config.read_text()
    assert read_policy(newcomer.policy.read_text()) == PREVIEW
    code, said = newcomer.sluice("sweep", "--dry-run")
    assert code == 0 and "1 boards, 0 cards" in said


def test_what_an_interrupted_init_made_is_gone_on_with(newcomer: Newcomer) -> None:
    """Stopped before the App was installed, init keeps the App it made, and another goes on with it."""
    first = Terminal(newcomer, "--app", "--board", newcomer.board)
    newcomer.make_app(first)
    page = first.until(INSTALL)
    first.type("\x03")
    assert first.end() == 130 and "another `sluice init` goes on from sluice.toml" in first.said
    newcomer.install(page)
    code, said = newcomer.sluice("init", "--board", newcomer.board, "--agent", "true")
    assert code == 0 and len(list(newcomer.folder.glob("*.pem"))) == 1, said


def test_another_app_does_not_lose_what_was_set_up_before(newcomer: Newcomer) -> None:
    """However far it gets, the settings of before are kept beside the new ones."""
    newcomer.init("--board", newcomer.board, "--agent", "true")
    before = newcomer.config.read_text()
    init = newcomer.start("--app", "--board", newcomer.board, "--agent", "true", "--force")
    newcomer.install(newcomer.make_app(init))
    assert init.end()[0] == 0 and "app_id" in newcomer.config.read_text()
    assert (newcomer.folder / "sluice.toml.old").read_text() == before


def test_a_visitor_without_the_state_changes_nothing(newcomer: Newcomer) -> None:
    """Somebody else's code is not taken, and the page answers to no other name than this machine's."""
    init = newcomer.start("--app", "--board", newcomer.board, "--patience", "0.02")
    url, http = init.until(PAGE), Browser().http
    assert http.get(f"{url}/made?code=theirs&state=guessed").status_code == 400
    assert http.get(url, headers={"host": "rebound.test"}).status_code == 400
    code, said = init.end()
    assert code == 2 and "the browser did not come back in time, and nothing was made" in said
    assert not newcomer.config.exists()


def test_a_token_does_as_well_and_its_cost_is_told(newcomer: Newcomer) -> None:
    """With a person's token init says what that costs; columns of other names are understood, missing ones added."""
    board = newcomer.make_board(["🗒 Backlog", "👀 Up next", "Doing", "Closed"])
    code, said = newcomer.init("--board", board, "--repo", newcomer.repo, "--agent", "true", "--add-columns", "--probe")
    assert code == 0, said
    assert "cannot approve Sluice's" in said and "Added: In Review, Needs a person, Priority" in said
    told = newcomer.config.read_text()
    assert 'ready = "👀 Up next"' in told and 'in_progress = "Doing"' in told and 'done = "Closed"' in told
    code, said = newcomer.sluice("sweep", "--dry-run")
    assert code == 0 and "1 boards, 0 cards" in said, said


def test_a_persons_board_gets_a_token_of_its_own(newcomer: Newcomer) -> None:
    """The App is Ann's own and does what concerns her repository; her board, which is closed to it, takes her token."""
    ann = newcomer.ann["login"]
    repo = newcomer.hub.repo(ann)["full_name"]
    order = {"owner": ann, "title": "Mine", "status": COLUMNS, "repos": [repo]}
    board = f"{ann}/{newcomer.hub.admin('projects', order)['number']}"
    newcomer.patch.setenv("TOKEN", newcomer.ann["token"])
    init = newcomer.start("--app", "--board", board, "--agent", "true", "--board-token-env", "TOKEN", "--probe")
    newcomer.install(newcomer.make_app(init), account=ann)
    code, said = init.end()
    assert code == 0 and "it is looked at every 60 s" in said and f"put it on board {board}" in said, said
    code, said = newcomer.sluice("sweep", "--dry-run")
    assert code == 0 and "1 boards, 0 cards" in said, said


def test_nothing_is_replaced_unasked(newcomer: Newcomer) -> None:
    """A second init stops at the files of the first; with --force it keeps them beside its own."""
    newcomer.policy.parent.mkdir()
    newcomer.policy.write_text('mode = "off"\n')
    assert newcomer.init("--board", newcomer.board, "--agent", "true")[0] == 0
    assert newcomer.policy.read_text() == 'mode = "off"\n'
    first = newcomer.config.read_text()
    code, said = newcomer.init("--board", newcomer.board, "--agent", "false")
    assert code == 2 and "--force replaces it" in said and newcomer.config.read_text() == first
    newcomer.config.write_text(first := "[caps]\nrunning = 1\n")  # somebody's own hand
    assert newcomer.init("--board", newcomer.board)[0] == 2 and newcomer.config.read_text() == first
    code, said = newcomer.init("--board", newcomer.board, "--agent", "false", "--force")
    assert code == 0 and newcomer.config.read_text() != first, said
    assert (newcomer.folder / "sluice.toml.old").read_text() == first and only_mine(newcomer.config)


def test_what_is_wrong_is_said_in_a_sentence(newcomer: Newcomer) -> None:
    """A wrong token, a board that is not there, a repository nobody knows, nobody to ask: nothing is written."""
    board, org, url = newcomer.board, newcomer.org, newcomer.hub.url
    taken = ("--port", url.rpartition(":")[2])
    for (code, said), hint in (
        (newcomer.init("--board", board, token="ghp_wrong"), "GitHub does not take this token"),
        (newcomer.init("--board", f"{org}/99"), f"{org} has {board} (Workshop)"),
        (newcomer.init("--board", "https://example.com/boards"), "a board is named owner/number"),
        (newcomer.init("--board", board, "--repo", f"{org}/none"), "cannot be read with this token"),
        (newcomer.init("--board", board, "--column", "redy=Ready"), "the purposes are ready, in_progress"),
        (newcomer.init("--board", board, "--column", "done=in progress"), "“In Progress” would be for two purposes"),
        (newcomer.init("--board", board, "--agent", "my 'agent"), "cannot be taken apart"),
        (newcomer.init("--board", board, "--webhook", "https://sluice.test"), "looks like https://YOUR-HOST/webhooks"),
        (newcomer.init(), "nobody can be asked here: say --board OWNER/N"),
        (newcomer.init("--board", board, url="github.com"), "is not the address of a GitHub"),
        (newcomer.sluice("init", "--app", "--board", "nobody-here/1", "--github-url", url), "nobody-here"),
        (newcomer.sluice("init", "--app", "--board", board, "--github-url", url, *taken), "--port"),
        (newcomer.sluice("init", "--token-env", "UNSET", "--github-url", url), "UNSET is not set"),
    ):
        assert code == 2 and hint in said and "Traceback" not in said, said
    assert list(newcomer.folder.iterdir()) == []


def test_at_a_terminal_it_asks(newcomer: Newcomer) -> None:
    """Identity, board, columns, agent: the token is not shown, and a wrong number is asked for again."""
    newcomer.make_board(["Todo", "In Progress", "Done"], "Roadmap")
    init = Terminal(newcomer)
    for question, answer in (
        ("Number: ", "2"),
        ("Token (not shown): ", newcomer.ann["token"]),
        ("an owner to see theirs): ", newcomer.org),
        ("Number: ", "9"),
        ("Number: ", "1"),
        ("Is that right? [Y/n]: ", "y"),
        ("(empty: later): ", "true"),
        ("Add them now (no card moves)? [Y/n]: ", ""),
        ("closes it again [y/N]: ", "y"),
    ):
        init.read(question)
        assert newcomer.ann["token"] not in init.said
        init.type(f"{answer}\n")
    assert init.end() == 0, init.said
    assert "could open an issue" in init.said and newcomer.policy.exists()
    assert newcomer.ann["token"] not in init.said and only_mine(newcomer.config)


def test_ctrl_c_ends_a_question_at_once(newcomer: Newcomer) -> None:
    """And it is said what is there so far."""
    init = Terminal(newcomer)
    init.read("Number: ")
    assert init.interrupt() == 130 and "stopped; nothing is written" in init.said
