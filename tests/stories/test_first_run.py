"""The README's first run, command by command, on a GitHub where everything is called as it is there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from bot.settings import read_settings
from tests.stories.newcomer import Newcomer

README = (Path(__file__).parents[2] / "README.md").read_text()
SECTION = README[README.index("## First run") : README.index("### Boards")]
SHOWN = [
    shlex.split(line.partition(" #")[0])[1:]
    for block in re.findall(r"^```sh\n(.*?)^```", SECTION, re.DOTALL | re.MULTILINE)
    for line in block.splitlines()
    if line.startswith("sluice ")
]
LASTING = (["init"], ["serve"])  # one asks at a terminal, the other runs until it is stopped


def test_the_first_run_goes_as_the_readme_says(newcomer: Newcomer) -> None:
    """As an App and with a token, and then each look at the result, until doctor has written, too."""
    hub, folder = newcomer.hub, newcomer.folder
    hub.admin("orgs", {"login": "my-org", "members": {newcomer.ann["login"]: "admin"}})
    hub.admin("repos", {"owner": "my-org", "name": "my-repo", "files": {"README.md": "hello\n"}})
    columns = ["Ready", "In Progress", "In Review", "Needs a person", "Done"]
    hub.admin("projects", {"owner": "my-org", "title": "Work", "status": columns})
    for name in ("claude", "my-agent"):
        (folder / name).write_text("#!/bin/sh\necho 1.0\n")
        (folder / name).chmod(0o755)
    newcomer.patch.setenv("PATH", str(folder), prepend=":")
    newcomer.patch.setenv("SLUICE_GITHUB__TOKEN", newcomer.ann["token"])
    inits = [words for words in SHOWN if words[0] == "init" and words not in LASTING]
    assert len(inits) == 2 and len(SHOWN) > 5
    for words in (*SHOWN, ["doctor", "--write"]):
        if words in LASTING:
            continue
        if words[0] != "init":
            code, said = newcomer.sluice(*words)
        elif "--app" in words:
            init = newcomer.start(*words[1:])
            newcomer.install(newcomer.make_app(init))
            code, said = init.end()
        else:
            newcomer.config.unlink()
            code, said = newcomer.sluice(*words, "--github-url", hub.url)
        assert code == 0, f"{words}: {said}"
    assert read_settings(newcomer.config).github.model_fields_set == {"api_url", "git_url", "token"}
    assert "token" not in newcomer.config.read_text()  # it stays where it was
