"""What a right file means, and what a file that says little means."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from syncd.config.values import Quiet, QuietHours
from syncd.connector import SecretRef
from syncd.pipeline.policy import (
    DEFAULT_CIRCLES,
    DEFAULT_RULES,
    Circle,
    DigestPolicy,
    Ignore,
    Job,
    PersonPolicy,
    Policy,
    Polling,
    Rule,
    When,
)
from tests.config.file import LETTERBOX, SMALLEST
from tests.config.post import Post

if TYPE_CHECKING:
    from tests.config.file import ConfigText

WEEK = timedelta(weeks=1)
MONTH = timedelta(days=30.4375)
YEAR = timedelta(days=365.25)


def test_the_smallest_file_means_the_defaults_of_the_policy(config: ConfigText) -> None:
    policy = config.load_with("").policy()
    assert (policy.digest, policy.polling) == (DigestPolicy(to="anna@conti.example"), Polling())
    assert (policy.circles, policy.rules, policy.ignore) == (DEFAULT_CIRCLES, DEFAULT_RULES, Ignore())
    assert policy.people == Policy().people
    assert (policy.me.time_zone, policy.me.language, policy.me.jobs) == ("UTC", "en", ())


def test_the_addresses_that_accounts_name_are_the_owners(config: ConfigText) -> None:
    text = (
        '[me]\naddresses = ["*@conti.example", "a@x.example"]\n[accounts.one]\ntype = "post"\naddress = "a@x.example"\n'
    )
    text += '[accounts.two]\ntype = "post"\naddress = "b@x.example"\n[digest]\nto = "a@x.example"\n'
    assert config.load(text).policy().me.addresses == ("*@conti.example", "a@x.example", "b@x.example")


def test_an_account_is_its_connector_its_options_and_its_place(config: ConfigText) -> None:
    account = config.load_with("").accounts["work"]
    assert (account.name, account.connector, account.place) == ("work", Post, "config.toml:3")
    assert account.options.own_addresses() == ("anna@conti.example",)
    assert account.options.first_sync == timedelta(days=3 * 365.25)


def test_jobs_have_a_beginning_and_perhaps_an_end(config: ConfigText) -> None:
    jobs = '[[me.jobs]]\nname = "Now"\ndomains = ["*.now.example"]\nfrom = 2025-10-13\n'
    jobs += '[[me.jobs]]\nname = "Then"\ndomains = ["then.example"]\nfrom = "2020-01-01"\nuntil = 2025-10-11\n'
    assert config.load_with(jobs).policy().me.jobs == (
        Job("Now", ("*.now.example",), date(2025, 10, 13)),
        Job("Then", ("then.example",), date(2020, 1, 1), date(2025, 10, 11)),
    )


def test_the_digest_says_when_and_how_much(config: ConfigText) -> None:
    digest = config.load(
        '[me]\n[accounts.work]\ntype = "post"\naddress = "a@x.example"\n[digest]\nto = "a@x.example"\nat = "6:45"\n'
        'days = ["sun", "mon", "sun"]\npause = ["2026-12-23..2027-01-06", "2026-05-01"]\npeople = 3\nlost = 0\n'
        'repeat_after = "3 weeks"\nsoon = "1 day"\nowed_after = "10 days"\nempty = "send"\n'
        'sections = ["owed", "quiet"]\nnames_in_subject = false\n'
    ).policy()
    assert digest.digest == DigestPolicy(
        to="a@x.example",
        at=time(6, 45),
        days=(0, 6),
        pause=((date(2026, 12, 23), date(2027, 1, 6)), (date(2026, 5, 1), date(2026, 5, 1))),
        people=3,
        lost=0,
        repeat_after=3 * WEEK,
        soon=timedelta(days=1),
        owed_after=timedelta(days=10),
        empty="send",
        sections=("owed", "quiet"),
        names_in_subject=False,
    )


def test_circles_change_the_built_in_ones_and_add_to_them(config: ConfigText) -> None:
    circles = '[circles.clients]\ncadence = "2 weeks"\n[circles.colleagues]\nfollow = true\n'
    circles += '[circles.choir]\ncadence = "never"\nfirst = "1 week"\n'
    policy = config.load_with(circles).policy()
    assert [circle.name for circle in policy.circles] == [*(circle.name for circle in DEFAULT_CIRCLES), "choir"]
    assert policy.circle("clients") == Circle("clients", 2 * WEEK, prefer="meeting")
    assert policy.circle("colleagues") == Circle("colleagues", None, follow=True)
    assert policy.circle("choir") == Circle("choir", None, first=WEEK)


def test_rules_replace_the_built_in_ones_and_know_their_line(config: ConfigText) -> None:
    rules = '[[me.jobs]]\nname = "Now"\ndomains = ["now.example"]\n'
    rules += '[[rules]]\nname = "one"\nwhen = { domain = "x.example", tag = ["a", "b"], min_exchanges = 3 }\n'
    rules += 'circle = "vendors"\n'
    rules += '\n[[rules]]\nname = "two"\ncircle = "clients"\n[rules.when]\njob = "Now"\nformer = false\n'
    rules += "min_replies_from_them = 2\nmin_months = 4\n"
    assert config.load_with(rules).policy().rules == (
        Rule("one", When(domain=("x.example",), tag=("a", "b"), min_exchanges=3), "vendors", "config.toml:13"),
        Rule(
            "two",
            When(job=("Now",), former=False, min_replies_from_them=2, min_months=4),
            "clients",
            "config.toml:18",
        ),
    )


def test_an_empty_list_of_rules_is_no_rules(config: ConfigText) -> None:
    assert config.load(f"rules = []\n{SMALLEST}").policy().rules == ()


def test_what_is_written_about_a_person_knows_its_line(config: ConfigText) -> None:
    people = '[people."marta@arup.example"]\nname = "Marta"\nalso = ["m@bianchi.example"]\ncircle = "mentors"\n'
    people += 'cadence = "1 month"\nmute = true\nbirthday = "03-14"\nat = { company = "Arup", since = 2021-10-09 }\n'
    people += '[people."hiro@example.net"]\nbirthday = 1980-02-29\n'
    assert config.load_with(people).policy().people == (
        PersonPolicy(
            "marta@arup.example", "Marta", ("m@bianchi.example",), "mentors", MONTH, mute=True, birthday="03-14",
            company="Arup", company_since=date(2021, 10, 9), place="config.toml:10",
        ),
        PersonPolicy("hiro@example.net", birthday="1980-02-29", place="config.toml:18"),
    )  # fmt: skip


def test_sending_has_the_port_of_its_kind_of_line(config: ConfigText) -> None:
    smtp = '[digest.send]\nvia = "smtp"\nhost = "smtp.example.org"\n'
    assert config.load_with(smtp).send.port == 465
    assert config.load_with(smtp + 'tls = "starttls"\n').send.port == 587
    assert config.load_with(smtp + "port = 2525\n").send.port == 2525
    assert config.load_with(smtp.replace("smtp.example.org", "127.0.0.1") + 'tls = "none"\n').send.port == 25


def test_without_a_word_the_digest_goes_by_sendmail(config: ConfigText) -> None:
    send = config.load_with("").send
    assert (send.via, send.command[0]) == ("sendmail", "/usr/sbin/sendmail")


def test_the_digest_can_be_put_into_a_folder_of_an_accounts_mailbox(config: ConfigText) -> None:
    send = f'{LETTERBOX}[digest.send]\nvia = "place"\naccount = "box"\nfrom = "syncd@conti.example"\n'
    settings = config.load_with(send)
    assert (settings.send.via, settings.send.account, settings.send.folder) == ("place", "box", "INBOX")
    assert settings.send.sender == "syncd@conti.example"
    assert config.load_with(f'{send}folder = "Digests"\n').send.folder == "Digests"


def test_without_a_word_everything_is_kept_and_nobody_named_in_the_journal(config: ConfigText) -> None:
    privacy = config.load_with("").privacy
    assert (privacy.history, privacy.log_names) == (None, False)


@pytest.mark.parametrize(
    ("written", "meant"),
    [("forever", None), ("1 year", YEAR), ("12 months", YEAR), ("365 days", timedelta(days=365)), ("5y", 5 * YEAR)],
)
def test_history_is_a_length_of_time_or_forever(config: ConfigText, written: str, meant: timedelta | None) -> None:
    privacy = config.load_with(f'[privacy]\nhistory = "{written}"\nlog_names = true\n').privacy
    assert (privacy.history, privacy.log_names) == (meant, True)


def test_an_account_is_read_as_often_as_it_says_else_as_often_as_the_daemon_says(config: ConfigText) -> None:
    other = '[accounts.other]\ntype = "post"\naddress = "b@x.example"\npoll = "6 hours"\n'
    settings = config.load_with(other)
    assert settings.poll_every("work") == settings.policy().polling.every == timedelta(minutes=10)
    assert settings.poll_every("other") == timedelta(hours=6)
    settings = config.load_with(f'{other}[daemon]\npoll = "1 min"\n')
    assert settings.poll_every("work") == settings.policy().polling.every == timedelta(minutes=1)
    assert settings.poll_every("other") == timedelta(hours=6)
    with pytest.raises(KeyError):
        settings.poll_every("nobody's")


@pytest.mark.parametrize(
    ("written", "meant"),
    [("60 s", timedelta(minutes=1)), ("1 min", timedelta(minutes=1)), ("1 day", timedelta(days=1))],
)
def test_an_account_is_read_once_a_minute_at_most_and_once_a_day_at_least(
    config: ConfigText, written: str, meant: timedelta
) -> None:
    poll = f'poll = "{written}"\n'
    settings = config.load(SMALLEST.replace("[digest]", f"{poll}[daemon]\n{poll}[digest]"))
    assert (settings.poll_every("work"), settings.daemon.poll) == (meant, meant)


@pytest.mark.parametrize("written", ["22:30-6:00", "22:30-06:00", " 22:30 - 06:00 ", "22:30\N{EN DASH}06:00"])
def test_quiet_hours_may_cross_midnight_and_have_blanks_around_their_dash(config: ConfigText, written: str) -> None:
    settings = config.load_with(f'[daemon]\nquiet_hours = "{written}"\n')
    assert settings.daemon.quiet_hours == QuietHours(time(22, 30), time(6))
    assert settings.policy().polling.quiet_hours == (time(22, 30), time(6))


@given(st.times(), st.times())
def test_quiet_hours_are_written_so_that_they_read_back_unchanged(first: time, last: time) -> None:
    quiet = QuietHours(first.replace(second=0, microsecond=0), last.replace(second=0, microsecond=0))
    assume(quiet.first != quiet.last)
    assert TypeAdapter(Quiet).validate_python(str(quiet)) == quiet


def test_a_secret_is_where_the_file_says(config: ConfigText) -> None:
    send = '[digest.send]\nvia = "smtp"\nhost = "h.example"\nusername = "anna"\npassword = { env = "SMTP" }\n'
    assert config.load_with(send).send.password == SecretRef(env="SMTP")


def test_no_environment_variable_overrides_a_key(config: ConfigText, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DIGEST", "ME", "RULES", "DAEMON", "STORE"):
        monkeypatch.setenv(name, '{"to": "eve@evil.example"}')
    assert config.load_with("").policy().digest.to == "anna@conti.example"


def test_settings_cannot_be_changed_after_reading(config: ConfigText) -> None:
    settings = config.load_with("")
    with pytest.raises(ValueError, match="frozen"):
        settings.digest.people = 12  # type: ignore[misc]  # that it is refused is the point
