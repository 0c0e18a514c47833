"""Where settings come from, which one takes precedence, and how wrong ones are reported."""

import itertools
import tomllib

import pytest

from nebius_cli.config import merge_settings_layers
from nebius_cli.config.merge_settings_layers import ConfigSource, EffectiveSettings
from nebius_cli.config.settings_table import SETTINGS, Sourced
from nebius_cli.core.errors_and_exit_codes import ConfigError
from nebius_cli.core.secret import Secret
from nebius_cli.request.field_table import BY_NAME
from nebius_cli.request.parse_and_check_values import Value
from tests.conftest import CANARY

ENV: dict[str, tuple[str, str, Value]] = {
    "NEBIUS_BASE_URL": ("base_url", "https://h", "https://h"),
    "NEBIUS_MODEL": ("model", "m", "m"),
    "NEBIUS_AI_PROJECT": ("ai_project_id", "p", "p"),
    "NEBIUS_AI_PROJECT_ID": ("ai_project_id", "q", "q"),
    "NBX_API_KEY_COMMAND": ("api_key_command", "pass show k", "pass show k"),
    "NBX_CACERT": ("cacert", "/c", "/c"),
    "NBX_HEADERS": ("headers", "X-A: b", "X-A: b"),
    "NBX_RETRIES": ("retries", "7", 7),
    "NBX_CONNECT_TIMEOUT": ("connect_timeout", "1.5", 1.5),
    "NBX_FIRST_BYTE_TIMEOUT": ("first_byte_timeout", "2", 2),
    "NBX_STALL_TIMEOUT": ("stall_timeout", "3", 3),
    "NBX_TIMEOUT": ("timeout", "4", 4),
    "NBX_MAX_MEMORY": ("max_memory", "5", 5),
    "NBX_PROFILE": ("use_profile", "work", "work"),
    "NBX_PROJECT_FILE": ("project_file", "1", True),
    "NBX_LEDGER": ("ledger", "no", False),
    "NBX_HISTORY_TEXT": ("history.text", "true", True),
    "NBX_BUDGET_DAILY": ("budget.daily", "2.5", 2.5),
    "NBX_BUDGET_MONTHLY": ("budget.monthly", "50", 50),
}


def source(text: str, path: str = "the file") -> ConfigSource:
    return ConfigSource(path, text, tomllib.loads(text))


def gather(
    config: str = "",
    project: str | None = None,
    *,
    flag: str = "",
    typed: dict[str, Value] | None = None,
    **environ: str,
) -> EffectiveSettings:
    """Return the effective settings for these files, flags and variables."""

    def given() -> ConfigSource | None:
        return source(str(project), "the project") if project else None

    def refuse() -> ConfigSource | None:
        raise AssertionError("nobody asked for the project file")

    find = refuse if project is None else given
    flags = {name: Sourced(value, f"--{name}") for name, value in (typed or {}).items()}
    return merge_settings_layers.gather(flags, environ, flag, lambda: source(config), find)


def reported(problem: ConfigError) -> tuple[str, str, str]:
    return problem.what, problem.why, problem.hint


def test_the_table_in_this_file_lists_every_variable() -> None:
    assert {name for setting in SETTINGS for name in setting.env} == {*ENV, "NEBIUS_API_KEY"}


@pytest.mark.parametrize("variable", ENV)
def test_each_variable_sets_its_setting(variable: str) -> None:
    name, text, value = ENV[variable]
    layer = merge_settings_layers.read_environ({variable: text, "OTHER": "x"})
    assert (layer.values, layer.problems) == ({name: Sourced(value, variable)}, ())


def test_the_repr_of_settings_does_not_show_the_key() -> None:
    found = merge_settings_layers.read_environ({"NEBIUS_API_KEY": CANARY}).values["api_key"]
    assert found == Sourced(Secret(CANARY), "NEBIUS_API_KEY")
    assert CANARY not in repr(found)
    assert repr(source(f"api_key = '{CANARY}'", "c.toml")) == "ConfigSource('c.toml')"


def test_the_first_variable_of_a_setting_that_is_not_empty_is_used() -> None:
    both = {"NEBIUS_AI_PROJECT": "p", "NEBIUS_AI_PROJECT_ID": "q"}
    assert merge_settings_layers.read_environ(both).values["ai_project_id"] == Sourced(
        "p", "NEBIUS_AI_PROJECT"
    )
    second = merge_settings_layers.read_environ({**both, "NEBIUS_AI_PROJECT": ""}).values
    assert second["ai_project_id"] == Sourced("q", "NEBIUS_AI_PROJECT_ID")
    assert merge_settings_layers.read_environ({"NEBIUS_MODEL": ""}).values == {}


def test_a_wrong_variable_is_named_with_its_value_unless_it_is_a_secret() -> None:
    wrong = {"NBX_RETRIES": "-1", "NEBIUS_API_KEY": CANARY + "\udcff", "NEBIUS_MODEL": "m"}
    layer = merge_settings_layers.read_environ(wrong)
    assert layer.values == {"model": Sourced("m", "NEBIUS_MODEL")}
    assert [reported(problem)[:2] for problem in layer.problems] == [
        ("NEBIUS_API_KEY", "api_key must be valid UTF-8"),
        ("NBX_RETRIES=-1", "retries must be 0 or more"),
    ]


PLACES = ("--user", "NBX_X", "the project", "profile work", "the file")


@pytest.mark.parametrize(("strong", "weak"), list(itertools.combinations(PLACES, 2)))
def test_the_source_of_higher_precedence_wins(strong: str, weak: str) -> None:
    # `user` has no environment variable, so pairs with a variable use `model` instead.
    name = "model" if "NBX_X" in (strong, weak) else "user"
    given = {place: f'{name} = "{place}"\n' if place in (strong, weak) else "" for place in PLACES}
    config = f"use_profile = 'work'\nproject_file = true\n{given['the file']}[profile.work]\n"
    found = gather(
        config + given["profile work"],
        given["the project"],
        typed={name: "--user"} if given["--user"] else {},
        **({"NEBIUS_MODEL": "NBX_X"} if given["NBX_X"] else {}),
    )
    assert found.problems == []
    assert found.values[name].value == strong


def test_every_source_overrides_the_default() -> None:
    name, default = "retries", Sourced(3, "default")
    assert gather().values[name] == default
    assert gather("retries = 1").values[name] == Sourced(1, "the file")
    assert gather("use_profile = 'w'\n[profile.w]\nretries = 2").values[name] == Sourced(2, "profile w")
    assert gather(NBX_RETRIES="4").values[name] == Sourced(4, "NBX_RETRIES")
    assert gather(typed={name: 5}).values[name] == Sourced(5, "--retries")


PROFILES = "[profile.a]\nn = 1\n[profile.b]\nn = 2\n[profile.c]\nn = 3\n"


def test_the_profile_is_chosen_by_the_flag_then_the_variable_then_the_file() -> None:
    config = "use_profile = 'c'\n" + PROFILES
    for flag, variable, name, origin in (
        ("a", "b", "a", "--profile"),
        ("", "b", "b", "NBX_PROFILE"),
        ("", "", "c", "the file"),
    ):
        found = gather(config, flag=flag, NBX_PROFILE=variable)
        assert found.profile == found.values["use_profile"] == Sourced(name, origin)
        assert found.values["n"].origin == f"profile {name}"


@pytest.mark.parametrize(("flag", "variable"), [("-", ""), ("-", "a"), ("", "-")], ids=repr)
def test_a_dash_chooses_no_profile(flag: str, variable: str) -> None:
    found = gather("use_profile = 'c'\n" + PROFILES, flag=flag, NBX_PROFILE=variable)
    assert (found.profile, found.problems) == (None, [])
    assert not {"n", "use_profile"} & set(found.values)


def test_an_unknown_profile_is_reported_with_its_origin_and_a_suggestion() -> None:
    config = "[profile.work]\n[profile.home]\n"
    hint = "nbx profile list, or nbx profile add wrk"
    (problem,) = gather(config, flag="wrk").problems
    assert reported(problem) == ("--profile: no profile 'wrk'", "did you mean work?", hint)
    (problem,) = gather("# x\nuse_profile = 'wrk'\n" + config).problems
    assert reported(problem) == ("the file:2: no profile 'wrk'", "did you mean work?", hint)
    (problem,) = gather(config, NBX_PROFILE="z").problems
    assert reported(problem)[:2] == ("NBX_PROFILE: no profile 'z'", "defined: work, home")
    (problem,) = gather("", flag="z").problems
    assert reported(problem)[1] == "no profiles are defined yet"


def test_a_project_file_is_read_only_if_a_setting_allows_it() -> None:
    project = "temperature = 0.5\n"
    assert "temperature" not in gather("project_file = false").values
    assert "temperature" not in gather("project_file = true", NBX_PROJECT_FILE="0").values
    for found in (gather("project_file = true", project), gather("", project, NBX_PROJECT_FILE="1")):
        assert found.values["temperature"] == Sourced(0.5, "the project")
        assert found.project == "the project"
    assert gather("project_file = true", "").project is None


REFUSED = [s.field.name for s in SETTINGS if s.field.name not in BY_NAME]


@pytest.mark.parametrize("name", REFUSED)
def test_a_project_file_may_set_only_request_fields(name: str) -> None:
    found = gather("project_file = true", f"model = 'm'\n{name} = 'x'\n")
    (problem,) = found.problems
    assert problem.what == f"the project:2: {name} may not be set in a project file"
    assert found.values["model"] == Sourced("m", "the project")
    assert "the project" not in {s.origin for key, s in found.values.items() if key == name}


def test_a_project_file_has_no_profiles() -> None:
    (problem,) = gather("project_file = true", "[profile.x]\nmodel = 'm'\n").problems
    assert reported(problem) == ("the project:1: no setting 'profile'", "", "remove it")


WRONG: list[tuple[str, str, str]] = [
    ("temprature = 1", "no setting 'temprature'", "did you mean temperature?"),
    ("max-tokens = 1", "no setting 'max-tokens'", "did you mean max_tokens?"),
    ("NEBIUS_AI_PROJECT = 'x'", "no setting 'NEBIUS_AI_PROJECT'", "did you mean ai_project_id?"),
    ("API_KEY = 'x'", "no setting 'API_KEY'", "did you mean api_key?"),
    ("zzz = 1", "no setting 'zzz'", ""),
    ("temperature = 3", "temperature must be between 0 and 2", ""),
    ("temperature = 'hot'", "temperature must be a number", ""),
    ("temperature = nan", "temperature must be a number", ""),
    ("service_tier = 'flx'", "service_tier must be one of", "did you mean flex?"),
    ("service_tier = 3", "service_tier must be text", ""),
    ("model = 2026-01-01", "model must be text", ""),
]


@pytest.mark.parametrize(("line", "what", "why"), WRONG)
def test_a_wrong_entry_is_reported_with_its_line_and_the_rest_is_read(line: str, what: str, why: str) -> None:
    name = line.partition(" ")[0]
    found = gather(f"# x\nn = 2\n{line}\nuser = 'u'\n")
    assert (found.values["n"].value, found.values["user"].value) == (2, "u")
    (problem,) = found.problems
    assert problem.what.startswith(f"the file:3: {what}")
    assert problem.why == why
    assert problem.hint == f"nbx config edit, or nbx config unset --profile - {name}"
    inside = gather(f"use_profile = 'w'\n[profile.w]\n{line}\n").problems
    assert [problem.what.startswith(f"the file:3: {what}") for problem in inside] == [True]
    assert inside[0].hint == f"nbx config edit, or nbx config unset --profile w {name}"


def test_use_profile_is_refused_in_a_profile() -> None:
    (problem,) = gather("use_profile = 'w'\n[profile.w]\nuse_profile = 'x'\n").problems
    assert problem.what == "the file:3: use_profile may not be set in a profile"
    assert "top of the file" in problem.why


def test_an_unknown_table_is_reported() -> None:
    (problem,) = gather("[profiles.x]\nmodel = 'm'\n").problems
    assert reported(problem)[:2] == ("the file:1: no setting 'profiles'", "did you mean profile?")


def test_problems_are_reported_in_order_of_precedence() -> None:
    found = gather("n = 0\n", NBX_RETRIES="x", flag="y")
    assert [problem.what for problem in found.problems] == [
        "NBX_RETRIES=x",
        "--profile: no profile 'y'",
        "the file:1: n must be 1 or more",
    ]


def test_the_environment_still_applies_if_the_files_cannot_be_read() -> None:
    def broken() -> ConfigSource:
        raise ConfigError("broken")

    environ = {"NEBIUS_MODEL": "m", "NBX_PROFILE": "p", "NBX_PROJECT_FILE": "1"}
    found = merge_settings_layers.gather({}, environ, "", broken, broken)
    assert found.values["model"] == Sourced("m", "NEBIUS_MODEL")
    assert [problem.what for problem in found.problems] == ["broken", "broken"]


def problems(text: str) -> list[str]:
    return [problem.what for problem in merge_settings_layers.problems_of(source(text))]


def test_the_check_of_a_file_includes_profiles_that_are_not_in_use() -> None:
    text = "n = 0\nuse_profile = 'z'\nprofile.x = 1\n[profile.a]\nn = 0\n[profile.b]\nm = 1\n"
    assert problems(text) == [
        "the file:1: n must be 1 or more",
        "the file:3: x is not a profile",
        "the file:5: n must be 1 or more",
        "the file:7: no setting 'm'",
        "the file:2: no profile 'z'",
    ]
    assert problems("profile = 'a'\n") == ["the file:1: profile must contain one table for each profile"]
    assert problems("use_profile = '-'\n") == []
    assert problems("use_profile = 3\n") == ["the file:1: use_profile must be text"]


def test_a_dotted_setting_is_read_from_a_table_of_the_file_or_of_a_profile() -> None:
    text = "[budget]\ndaily = 5\n[profile.w]\nbudget.daily = 2\n[profile.w.history]\ntext = true\n"
    assert gather(text).values["budget.daily"] == Sourced(5, "the file")
    found = gather(text, flag="w").values
    assert found["budget.daily"] == Sourced(2, "profile w")
    assert found["history.text"] == Sourced(True, "profile w")


@pytest.mark.parametrize(
    ("text", "what", "why"),
    [
        ("n = 1\n[budget]\ndayly = 5", "the file:3: no setting 'budget.dayly'", "did you mean budget.daily?"),
        ("budget = 5", "the file:1: no setting 'budget'", ""),
        ("[budget]\ndaily = 0", "the file:2: budget.daily must be more than 0; unset it for no limit", ""),
        ("[history]\ntext = 1", "the file:2: history.text must be true or false", ""),
    ],
)
def test_a_mistake_in_a_dotted_setting_is_reported_with_its_line(text: str, what: str, why: str) -> None:
    (problem,) = gather(text).problems
    assert problem.what == what
    assert problem.why.startswith(why)
