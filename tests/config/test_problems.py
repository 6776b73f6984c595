"""What is wrong with a file is said in one sentence, at its place; everything at once."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from syncd.config import load
from syncd.errors import ConfigError
from tests.config.file import LETTERBOX, SMALLEST, ConfigText

GOLDEN = Path(__file__).parent.parent / "golden" / "config"

RULE = '[[rules]]\nname = "x"\ncircle = "mentors"\n'
SEND = "[digest.send]\n"
BEHIND = 'an account that is read less than once a day falls behind; write "1 day" or shorter'
ONE_DASH = "two times of day stand in one text, with a dash between them"


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        ("people = 50", "people must be from 1 to 12, not 50"),
        ("people = 5.5", "people must be a whole number, not 5.5"),
        ("lost = true", "lost must be a whole number, not true"),
        ("at = 07:00:00", 'a time of day stands in quotes: "07:00"'),
        ('at = "25:00"', '"25:00" is not a time of day; write it like "07:00"'),
        ("at = 7", '7 is not a time of day; write it like "07:00"'),
        ('days = ["monday"]', 'unknown day "monday"; did you mean "mon"?'),
        ("days = []", "days must not be empty"),
        ('days = "mon"', 'days must be a list: ["mon"]'),
        ('pause = ["2026-12-23..2026-12-01"]', 'this pause ends before it begins; write "2026-12-01..2026-12-23"'),
        ('pause = ["Christmas"]', '"Christmas" is not a range of days; write it like "2026-12-23..2027-01-06"'),
        (
            'repeat_after = "a fortnight"',
            '"a fortnight" is not a length of time; write it like "10 min", "6 weeks" or "1 year"',
        ),
        ("soon = 3", '3 is not a length of time; write it like "10 min", "6 weeks" or "1 year"'),
        ('owed_after = "99999 years"', '"99999 years" is longer than anything here can last'),
        ('empty = "maybe"', 'unknown empty "maybe"; it can be "skip" or "send"'),
        ('sections = ["todya"]', 'unknown section "todya"; did you mean "today"?'),
        ('names_in_subject = "no"', 'names_in_subject must be true or false, not "no"'),
        ("send = 3", "send must be a table"),
        ("[[digest.send]]", "write [digest.send], with one bracket"),
        ("cadence = 3", 'unknown key "cadence"'),
        ("log_level = 3", 'unknown key "log_level"; it belongs in [daemon]'),
    ],
)
def test_the_digest(config: ConfigText, more: str, complaint: str) -> None:
    assert config.complaint(more) == complaint


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ('time_zone = "Europe/Roma"', 'unknown time zone "Europe/Roma"; did you mean "Europe/Rome"?'),
        ('time_zone = "Rome"', 'unknown time zone "Rome"; did you mean "Europe/Rome"?'),
        ('time_zone = "../../etc/passwd"', 'unknown time zone "../../etc/passwd"; write it like "Europe/Rome"'),
        ('time_zone = "Europe"', 'unknown time zone "Europe"; write it like "Europe/Rome"'),
        ('language = "eng"', 'unknown language "eng"; did you mean "en"?'),
        ('language = "klingon"', 'unknown language "klingon"; it can be "en", "it" or "id"'),
        ('addresses = ["conti.example"]', '"conti.example" is a domain; for everybody there write "*@conti.example"'),
        ('addresses = ["/(/"]', "the regex /(/ cannot be read: missing ), unterminated subpattern at position 0"),
        ("name = 3", 'name must be text in quotes: "3"'),
        ("[me.jobs]", "write [[me.jobs]], with two brackets"),
        (
            'jobs = [{ name = "x", domains = ["x.example"], from = 2025-02-01, until = 2024-02-01 }]',
            "this job ends before it begins (2025-02-01)",
        ),
        ('jobs = [{ name = "x", domains = [] }]', "domains must not be empty"),
        ('jobs = [{ name = "x", domains = ["a@x.example"] }]', 'this wants a domain, not an address: "x.example"'),
        (
            'jobs = [{ name = "x", domains = ["x.example"], from = 2025 }]',
            "2025 is not a day; write it like 2025-10-13",
        ),
    ],
)
def test_the_owner(config: ConfigText, line: str, complaint: str) -> None:
    (problem,) = config.refused(SMALLEST.replace("[me]\n", f"[me]\n{line}\n"))
    assert (problem.message, problem.line) == (complaint, 2)


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        ('host = "h"', 'host is only for via = "smtp"'),
        ('via = "smpt"', 'unknown via "smpt"; did you mean "smtp"?'),
        ('via = "smtp"', '"host" is missing here: the SMTP server'),
        ('via = "maildir"', '"path" is missing here: the Maildir to put the digest in'),
        ('via = "sendmail"\ncommand = []', "command must not be empty"),
        ('via = "smtp"\nhost = "h"\nport = 70000', "port must be from 1 to 65535, not 70000"),
        (
            'via = "smtp"\nhost = "h.example"\ntls = "none"',
            'tls = "none" is only for a server on this machine; use "implicit" or "starttls"',
        ),
        ('via = "smtp"\nhost = "h"\nusername = "anna"', '"password" is missing here: username is nothing without it'),
        ('account = "work"', 'account is only for via = "place"'),
        ('via = "smtp"\nhost = "h"\nfolder = "INBOX"', 'folder is only for via = "place"'),
        ('via = "place"\naccount = 3', 'account must be text in quotes: "3"'),
        ('via = "place"\naccount = "box"\nhost = "h"', 'host is only for via = "smtp"'),
        ('via = "place"\naccount = "box"\nfolder = ""', "folder must not be empty"),
        ('via = "place"\naccount = "bxo"', 'there is no account "bxo"; did you mean "box"?'),
        ('via = "place"\naccount = "elsewhere"', 'there is no account "elsewhere"; "box" can take it'),
        (
            'via = "place"',
            '"account" is missing here: the account whose mailbox the digest is put into; "box" can take it',
        ),
        (
            'via = "place"\naccount = "work"',
            '"work" is of type "post", and its mailbox cannot take the digest; "box" can take it',
        ),
        ('via = "place"\nacount = "box"', 'unknown key "acount"; did you mean "account"?'),
        ('via = ["smtp"]', 'unknown via a list; it can be "place", "smtp", "sendmail", "maildir" or "stdout"'),
        ('from = "Anna <anna@x.example>"', 'write only the address: "anna@x.example"'),
    ],
)
def test_sending(config: ConfigText, more: str, complaint: str) -> None:
    assert config.complaint(f"{LETTERBOX}{SEND}{more}") == complaint


@pytest.mark.parametrize(
    ("more", "begins"),
    [
        ("", '"account" is missing here: the account whose mailbox the digest is put into'),
        ('account = "work"', '"work" is of type "post", and its mailbox cannot take the digest'),
        ('account = "elsewhere"', 'there is no account "elsewhere"'),
    ],
)
def test_where_no_account_can_take_the_digest_other_ways_are_named(config: ConfigText, more: str, begins: str) -> None:
    others = 'none of yours can take it, so use via = "smtp", "sendmail" or "maildir"'
    assert config.complaint(f'{SEND}via = "place"\n{more}') == f"{begins}; {others}"


def test_an_account_with_a_mistake_in_it_may_yet_take_the_digest(config: ConfigText) -> None:
    box = LETTERBOX.replace("address", "adress")
    problems = config.refused_with(f'{box}{SEND}via = "place"\naccount = "box"')
    assert [problem.message for problem in problems] == ['unknown key "adress"; did you mean "address"?']
    problems = config.refused_with(f'{box}{SEND}via = "place"\naccount = "work"')
    assert problems[1].message == '"work" is of type "post", and its mailbox cannot take the digest'


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        ('[circles.mentors]\ncadance = "6 weeks"', 'unknown key "cadance"; did you mean "cadence"?'),
        ('[circles.choir]\ncadance = "6 weeks"', 'unknown key "cadance"; did you mean "cadence"?'),
        ("[circles.choir]\nfollow = true", '"cadence" is missing here: how often is enough in "choir"'),
        ('[circles.choir]\ncadence = "0 days"', 'this must be longer than nothing; write it like "6 weeks"'),
        ('[[rules]]\nname = "x"\ncircle = "mentor"\nwhen = {}', 'there is no circle "mentor"; did you mean "mentors"?'),
        ('[[rules]]\nname = "x"\ncircle = "mentors"', '"when" is missing here: the conditions'),
        (
            '[[rules]]\nname = "x"\ncircle = "mentors"\nwhen = { min_exchange = 3 }',
            'unknown key "min_exchange"; did you mean "min_exchanges"?',
        ),
        (
            '[[rules]]\nname = "x"\ncircle = "mentors"\nwhen = { min_months = -1 }',
            "min_months must be at least 0, not -1",
        ),
        ('[[rules]]\nname = "x"\ncircle = "mentors"\nwhen = { tag = "" }', "tag must not be empty"),
        (
            f'{RULE}when = {{ job = "Noc" }}\n[[me.jobs]]\nname = "Nox"\ndomains = ["x.example"]',
            'there is no job "Noc" in [[me.jobs]]; did you mean "Nox"?',
        ),
        ('[rules]\nname = "x"', "write [[rules]], with two brackets"),
        ('[people."x@y.example"]\ncircle = "vendor"', 'there is no circle "vendor"; did you mean "vendors"?'),
        (
            '[people."x@y.example"]\nbirthday = "02-30"',
            '"02-30" is not a birthday; write it like "03-14" or "1980-03-14"',
        ),
        ('[people."x@y.example"]\ncadence = "never"', "for one person write mute = true instead"),
        ("[people.anna]\nmute = true", '"anna" is not a mail address; write it like "anna@example.org"'),
        (
            '[people."x@y.example"]\n[people."X@Y.example"]',
            '"X@Y.example" is already an address of [people."x@y.example"] (line 10)',
        ),
        (
            '[people."jo.doe@gmail.com"]\n[people."b@y.example"]\nalso = ["jodoe+list@googlemail.com"]',
            '"jodoe+list@googlemail.com" is already an address of [people."jo.doe@gmail.com"] (line 10)',
        ),
        ("[ignore]\nmail_to_more_than = 0", "mail_to_more_than must be at least 1, not 0"),
        ('[privacy]\nsubjects = "forget"', 'unknown subjects "forget"; it can be "keep" or "never"'),
        (
            '[store]\nurl = "syncd.db"',
            'this is not a database URL; write it like "sqlite:///syncd.db" or "postgresql:///syncd"',
        ),
        ('[daemon]\nlog_level = "loud"', 'unknown log level "loud"; it can be "debug", "info", "warning" or "error"'),
        ('[daemon]\npoll = "10 sec"', 'an account is read once a minute at most; write "1 min" or longer'),
        ('[daemon]\npoll = "2 days"', BEHIND),
        ("[daemon]\npoll = 10", '10 is not a length of time; write it like "10 min", "6 weeks" or "1 year"'),
        ('[daemon]\nquite_hours = "22:30-06:00"', 'unknown key "quite_hours"; did you mean "quiet_hours"?'),
        (
            '[privacy]\nhistory = "6 months"',
            (
                "history is 1 year at least, since how often you speak with somebody cannot be told from less; "
                'write "1 year" or longer, or "forever"'
            ),
        ),
        (
            '[privacy]\nhistory = "for ever"',
            '"for ever" is not a length of time; write it like "5 years", or "forever"',
        ),
        ("[privacy]\nhistory = 5", '5 is not a length of time; write it like "5 years", or "forever"'),
        ('[privacy]\nhistroy = "5 years"', 'unknown key "histroy"; did you mean "history"?'),
        ('[privacy]\nlog_names = "no"', 'log_names must be true or false, not "no"'),
        ("[daemon]\nlog_names = true", 'unknown key "log_names"; it belongs in [privacy]'),
        ("[daemn]\nx = 1", 'unknown table "daemn"; did you mean "daemon"?'),
        ('[daemon]\nlog_lvel = "info"', 'unknown key "log_lvel"; did you mean "log_level"?'),
    ],
)
def test_the_rest(config: ConfigText, more: str, complaint: str) -> None:
    assert config.complaint(more) == complaint


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ('"22:30-22:30"', "quiet hours that end when they begin are none, or the whole day; name two different times"),
        ('"22:30-25:00"', '"25:00" is not a time of day; write it like "07:00"'),
        ('"22:30-24:00"', 'midnight is written "00:00": "22:30-00:00"'),
        ('"22-6"', '"22" is not a time of day; write it like "07:00"'),
        ('"10:30pm-6am"', '"10:30pm" is not a time of day; write it like "07:00"'),
        ('"22:30"', 'quiet hours have a beginning and an end; write both, like "22:30-06:00"'),
        ("22:30:00", 'quiet hours have a beginning and an end; write both, like "22:30-06:00"'),
        ('"22:30-"', 'quiet hours have a beginning and an end; write both, like "22:30-06:00"'),
        ('"22:30..06:00"', f'{ONE_DASH}: "22:30-06:00"'),
        ('"22:30 to 6:00"', f'{ONE_DASH}: "22:30-6:00"'),
        ('["22:30", "06:00"]', f'{ONE_DASH}: "22:30-06:00"'),
        ("[22:30:00, 06:00:00]", f'{ONE_DASH}: "22:30-06:00"'),
        ("{ from = 22:30:00 }", 'a table is not a pair of times; write it like "22:30-06:00"'),
        ('"at night"', '"at night" is not a pair of times; write it like "22:30-06:00"'),
        ('""', '"" is not a pair of times; write it like "22:30-06:00"'),
        ("false", 'false is not a pair of times; write it like "22:30-06:00"'),
    ],
)
def test_quiet_hours(config: ConfigText, written: str, complaint: str) -> None:
    (problem,) = config.refused_with(f"[daemon]\nquiet_hours = {written}")
    assert (problem.message, problem.line) == (complaint, 11)


@pytest.mark.parametrize(
    ("account", "complaint"),
    [
        ('host = "h"', '"type" is missing here: which connector reads this account; there are'),
        ('type = "psot"\naddress = "a@x.example"', 'unknown type "psot"; did you mean "post"?'),
        ('tpye = "post"\naddress = "a@x.example"', 'unknown key "tpye"; did you mean "type"?'),
        ("type = 3", "unknown type 3; it can be"),
        ('type = "post"', '"address" is missing here: your address there'),
        ('type = "post"\naddress = "a@x.example"\nport = 0', "port must be from 1 to 65535, not 0"),
        ('type = "post"\naddress = "a@x.example"\npassword = { command = [] }', "command must not be empty"),
        ('type = "post"\naddress = "a@x.example"\nshare = 2', "share must be more than 0 and at most 1, not 2"),
        ('type = "post"\naddress = "a@x.example"\nshare = "all"', 'share must be a number, not "all"'),
        (
            'type = "post"\naddress = "a@x.example"\ntls = "ssl"',
            'unknown tls "ssl"; it can be "implicit", "starttls" or',
        ),
        ('type = "post"\naddress = "a@x.example"\nurl = 3', 'url must be text in quotes: "3"'),
        ('type = "post"\naddress = "a@x.example"\nfirst_sync = "soon"', '"soon" is not a length of time; write'),
        ('type = "post"\naddress = "a@x.example"\npoll = "30 s"', "an account is read once a minute at most; write"),
        ('type = "post"\naddress = "a@x.example"\npoll = "1 week"', BEHIND),
        ('type = "post"\naddress = "a@x.example"\npoll = ""', '"" is not a length of time; write it like "10 min", "6'),
        ('type = "post"\naddress = "a@x.example"\nurl = { fiel = "/x" }', 'unknown key "fiel"; did you mean "file"?'),
        (
            'type = "post"\naddress = "a@x.example"\nurl = {}',
            "name exactly one of credential, command, file, env, keyring",
        ),
        (
            'type = "broken"',
            (
                "The connector 'broken' needs the Python package 'a_library_that_is_not_there', which is not "
                "installed. Type: pip install a_library_that_is_not_there"
            ),
        ),
        (
            'type = "halved"',
            (
                "The connector 'halved' needs the Python package 'another_library_that_is_not_there', which is not "
                'installed. Type: pip install "post[whole,more]"'
            ),
        ),
    ],
)
def test_an_account(config: ConfigText, account: str, complaint: str) -> None:
    assert config.complaint(f"[accounts.other]\n{account}").startswith(complaint)


def test_a_slip_in_the_type_does_not_hide_what_else_is_wrong(config: ConfigText) -> None:
    problems = config.refused_with('[accounts.other]\ntype = "psot"\nprot = 3\n')
    assert [problem.message for problem in problems] == [
        '"address" is missing here: your address there',
        'unknown type "psot"; did you mean "post"?',
        'unknown key "prot"; did you mean "port"?',
    ]


def test_an_empty_file_is_told_what_every_file_needs(config: ConfigText) -> None:
    problems = config.refused("")
    assert [str(problem).removeprefix(f"{config.path}:1:1: ") for problem in problems] == [
        "[accounts] is missing here: the mailboxes and calendars to watch; add one, like [accounts.work]",
        "[digest] is missing here: the morning mail",
        "[me] is missing here: who you are",
    ]


def test_somebody_without_an_address_is_asked_for_one(config: ConfigText) -> None:
    (problem,) = config.refused(
        '[me]\n[accounts.files]\ntype = "mailfile"\npath = "box"\n[digest]\nto = "a@x.example"\n'
    )
    assert (
        problem.message
        == '"addresses" is missing here: your own, like ["you@example.org"]; no account names one either'
    )
    assert (problem.line, problem.column) == (1, 2)


def test_ones_own_address_is_nobody_else(config: ConfigText) -> None:
    text = SMALLEST.replace("[me]\n", '[me]\naddresses = ["Anna@Conti.example"]\n')
    (problem,) = config.refused(f'{text}[people."anna@conti.example"]\nmute = true\n')
    assert problem.message == '"anna@conti.example" is an address of yours (me.addresses)'


def test_the_mark_stands_below_what_it_means(config: ConfigText) -> None:
    (problem,) = config.refused_with('[circles.mentors]\n\tcadance\t= "6 weeks"')
    assert str(problem).splitlines()[1:] == ['    11 |  cadance = "6 weeks"', "       |  ^^^^^^^"]


def test_the_file_is_named_as_it_was_given(config: ConfigText) -> None:
    config.path.write_text(SMALLEST + "people = 50\n", encoding="utf-8")
    with pytest.raises(ConfigError) as refusal:
        load(Path("config.toml"))
    assert str(refusal.value).startswith("config.toml:9:10: people must be")
    assert refusal.value.hint == "Correct the file, then type: syncd config check"
    assert refusal.value.exit == 78


def test_a_bad_file_is_told_all_at_once(monkeypatch: pytest.MonkeyPatch, installed_connector: str) -> None:
    monkeypatch.chdir(GOLDEN)
    monkeypatch.setattr(sys, "path", [folder for folder in sys.path if folder != installed_connector])
    with pytest.raises(ConfigError) as refusal:
        load(Path("bad.toml"))
    assert str(refusal.value) + "\n" == Path("bad.txt").read_text(encoding="utf-8")
