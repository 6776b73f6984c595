"""The tables of the configuration file, and the Policy they add up to.

Every default is read from `pipeline.policy`, the one place that states them; descriptions feed the schema. What one
value may be stands in `values.py`, what must agree between tables in `references.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import (
    Field,
    InstanceOf,
    PrivateAttr,
    StrictBool,
    StrictInt,
    WithJsonSchema,
    field_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from syncd.config.paths import default_store_url
from syncd.config.places import Document
from syncd.config.sending import SendSettings
from syncd.config.tables import Table
from syncd.config.values import (
    WEEKDAYS,
    Address,
    AddressPattern,
    Birthday,
    Day,
    DomainPattern,
    DomainPatterns,
    History,
    LongerThanNothing,
    OwnRhythm,
    PauseDays,
    Quiet,
    Rhythm,
    StoreUrl,
    Text,
    Texts,
    TimeOfDay,
    Weekday,
    Zone,
)
from syncd.connector import BetweenPolls, ConnectorOptions, Span
from syncd.pipeline.policy import (
    DEFAULT_CIRCLES,
    DEFAULT_RULES,
    Circle,
    DigestPolicy,
    Ignore,
    Job,
    Me,
    PersonPolicy,
    Policy,
    Polling,
    Rule,
    When,
)

if TYPE_CHECKING:
    from datetime import date, timedelta

    from pydantic import ValidationInfo
    from pydantic.fields import FieldInfo

    from syncd.connector import Connector

_ME = Me()
_IGNORE = Ignore()
_DIGEST = DigestPolicy()
_POLLING = Polling()
_DAYS: tuple[Weekday, ...] = tuple(WEEKDAYS[day] for day in _DIGEST.days)
Count = Annotated[StrictInt, Field(ge=0)]


class JobTable(Table):
    """Where the owner worked, and when."""

    name: Text = Field(description="what rules call it, and the digest")
    domains: tuple[DomainPattern, ...] = Field(min_length=1, description="the domains of its addresses; globs with *")
    since: Day | None = Field(None, alias="from", description="the first day")
    until: Day | None = Field(None, description="the last day; left out for the present job")

    @field_validator("until")
    @classmethod
    def _end_after_begin(cls, until: date | None, info: ValidationInfo) -> date | None:
        since = info.data.get("since")
        if since and until and until < since:
            raise ValueError(f"this job ends before it begins ({since})")
        return until


class MeTable(Table):
    """Who the owner is."""

    name: str = Field(_ME.name, description="your full name")
    addresses: tuple[AddressPattern, ...] = Field(
        _ME.addresses, description="every address of yours; globs with * and /regexes/ too"
    )
    time_zone: Zone = Field(_ME.time_zone, description='IANA time zone, like "Europe/Rome"')
    language: Literal["en", "it", "id"] = Field("en", description="language of the digest")
    jobs: tuple[JobTable, ...] = Field((), description="where you worked, and when")


class DigestTable(Table):
    """When the digest comes, to whom, and how much it may say."""

    to: Address = Field(description="where the digest goes")
    at: TimeOfDay = Field(_DIGEST.at, description="when, in me.time_zone")
    days: tuple[Weekday, ...] = Field(_DAYS, min_length=1, description="the days it comes")
    pause: tuple[PauseDays, ...] = Field((), description="days without a digest; polling goes on")
    people: StrictInt = Field(_DIGEST.people, ge=1, le=12, description="most people going quiet in one mail")
    lost: StrictInt = Field(_DIGEST.lost, ge=0, le=5, description="long-lost contacts a day; 0 for none")
    repeat_after: Span = Field(_DIGEST.repeat_after, description="shown once, then left alone this long")
    soon: Span = Field(_DIGEST.soon, description="whoever you meet within this time is not named")
    owed_after: Span = Field(_DIGEST.owed_after, description="a mail unanswered this long is owed")
    empty: Literal["skip", "send"] = Field("skip", description="what to do on a day with nothing to say")
    sections: tuple[Literal["today", "quiet", "owed", "week", "lost"], ...] = Field(
        ("today", "quiet", "owed", "week", "lost"), min_length=1, description="which sections the digest has"
    )
    names_in_subject: StrictBool = Field(_DIGEST.names_in_subject, description="false keeps names off the lock screen")
    send: SendSettings = Field(SendSettings(), description="how the digest travels")


class CircleTable(Table):
    """How often is enough."""

    cadence: Rhythm = Field(None, description='"6 weeks"; "never" for people who are not followed')
    first: LongerThanNothing | None = Field(None, description="the first note after a goodbye")
    follow: StrictBool = Field(default=False, description="judge by the person's own past, no later than the cadence")
    prefer: Literal["meeting"] | None = Field(None, description="after two unanswered mails, suggest a call")


class WhenTable(Table):
    """The conditions of a rule; all of them must hold."""

    domain: DomainPatterns = Field((), description="their address is at one of these domains")
    job: Texts = Field((), description='you shared one of these jobs; "any" for any of them')
    former: StrictBool | None = Field(None, description="true: one of you has left the job; false: neither has")
    tag: Texts = Field((), description="they carry one of these tags")
    min_exchanges: Count = Field(0, description="so many exchanges at least")
    min_replies_from_them: Count = Field(0, description="so many of them from their side")
    min_months: Count = Field(0, description="in so many different months")


class RuleTable(Table):
    """Who belongs in which circle; tried in order, the first that matches wins."""

    name: Text = Field(description="what `syncd explain` calls it")
    when: WhenTable = Field(description="the conditions")
    circle: Text = Field(description="the circle they are put in")


class CompanyTable(Table):
    """Where a person works."""

    company: Text = Field(description="the company")
    since: Day | None = Field(None, description="since when")


class PersonTable(Table):
    """What no rule can know about a person."""

    name: str = Field("", description="how the digest calls them")
    also: tuple[Address, ...] = Field((), description="their other addresses")
    circle: str = Field("", description="the circle they are in, whatever the rules say")
    cadence: OwnRhythm = Field(None, description="how often is enough; overrides the circle")
    mute: StrictBool = Field(default=False, description="never named anywhere")
    birthday: Birthday = Field("", description='"03-14", or a full date')
    at: CompanyTable | None = Field(None, description="where they work")


class IgnoreTable(Table):
    """What is not a conversation."""

    addresses: tuple[AddressPattern, ...] = Field(_IGNORE.addresses, description="whoever writes from these")
    mailing_lists: StrictBool = Field(_IGNORE.mailing_lists, description="anything with a List-Id")
    automatic: StrictBool = Field(_IGNORE.automatic, description="Auto-Submitted, Precedence: bulk")
    mail_to_more_than: StrictInt = Field(
        _IGNORE.mail_to_more_than, ge=1, description="a wider mail is not a conversation"
    )
    meetings_of_more_than: StrictInt = Field(
        _IGNORE.meetings_of_more_than, ge=1, description="a larger meeting is not a conversation"
    )
    declined: StrictBool = Field(_IGNORE.declined, description="a meeting that you or they declined")


class PrivacyTable(Table):
    """What is kept. Bodies and attachments are never fetched; there is no setting for it."""

    subjects: Literal["keep", "never"] = Field("keep", description='"never": subjects are not even asked for')
    history: History = Field(None, description='older exchanges become yearly counts; "forever" keeps them all')
    log_names: StrictBool = Field(default=False, description="false: the journal says p:3f2a in place of an address")


class StoreTable(Table):
    """Where the database is."""

    url: StoreUrl = Field(default_factory=default_store_url, description="an SQLAlchemy URL, without a password")


class DaemonTable(Table):
    """How the service behaves."""

    poll: BetweenPolls = Field(_POLLING.every, description="how often an account is read that does not say so itself")
    quiet_hours: Quiet = Field(None, description='no polling then, in me.time_zone: "22:30-06:00"')
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="how much the journal says")


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """An account: its connector's class, its options, and where it stands in the file (file:line)."""

    name: str
    connector: type[Connector]
    options: ConnectorOptions
    place: str


class ConfigFile(PydanticBaseSettingsSource):
    """The one source of settings: the file, read beforehand. No environment variable overrides a single key."""

    def __init__(self, settings_cls: type[BaseSettings], values: Mapping[str, Any]) -> None:
        super().__init__(settings_cls)
        self.values = values

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002 - abstract
        """What the file says under `field_name`."""
        return self.values.get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        """Everything the file says, unknown keys too."""
        return dict(self.values)


class Settings(BaseSettings):
    """Everything the file says, defaults included. Build it with `syncd.config.load`."""

    model_config: ClassVar[SettingsConfigDict] = SettingsConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, validate_default=False
    )

    me: MeTable = Field(description="who you are")
    accounts: Annotated[Mapping[str, InstanceOf[AccountSettings]], WithJsonSchema({"type": "object"})] = Field(
        description="the mailboxes and calendars to watch"
    )
    digest: DigestTable = Field(description="the morning mail")
    circles: Mapping[str, CircleTable] = Field({}, description="how often is enough")
    rules: tuple[RuleTable, ...] = Field((), description="who belongs in which circle; the first that matches wins")
    people: Mapping[Address, PersonTable] = Field({}, description="what no rule can know, by address")
    ignore: IgnoreTable = Field(IgnoreTable(), description="what is not a conversation")
    privacy: PrivacyTable = Field(PrivacyTable(), description="what is kept")
    store: StoreTable = Field(default_factory=StoreTable, description="where the database is")
    daemon: DaemonTable = Field(DaemonTable(), description="how the service behaves")

    _document: Document = PrivateAttr()

    def __init__(self, document: Document, values: Mapping[str, Any]) -> None:
        """`values` are those of `document` with each account already an AccountSettings."""
        super().__init__(values=values)
        self._document = document

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is pydantic-settings'
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - likewise
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - likewise
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The file and nothing else."""
        return (ConfigFile(settings_cls, init_settings()["values"]),)

    @property
    def send(self) -> SendSettings:
        """How the digest travels."""
        return self.digest.send

    @property
    def store_url(self) -> str:
        """The database's SQLAlchemy URL."""
        return self.store.url

    def poll_every(self, name: str) -> timedelta:
        """How often the account called `name` is read; raises KeyError when there is none."""
        return self.accounts[name].options.poll or self.daemon.poll

    def policy(self) -> Policy:
        """What the pipeline needs to know; the addresses that accounts name are the owner's too."""
        named = (address for account in self.accounts.values() for address in account.options.own_addresses())
        return Policy(
            me=Me(
                name=self.me.name,
                addresses=tuple(dict.fromkeys((*self.me.addresses, *named))),
                time_zone=self.me.time_zone,
                language=self.me.language,
                jobs=tuple(Job(job.name, job.domains, job.since, job.until) for job in self.me.jobs),
            ),
            circles=self._circles(),
            rules=self._rules(),
            people=tuple(self._person(address, table) for address, table in self.people.items()),
            ignore=Ignore(**dict(self.ignore)),
            digest=self._digest(),
            polling=self._polling(),
        )

    def _polling(self) -> Polling:
        quiet = self.daemon.quiet_hours
        return Polling(self.daemon.poll, (quiet.first, quiet.last) if quiet else None)

    def _digest(self) -> DigestPolicy:
        table = dict(self.digest)
        del table["send"]
        table["days"] = tuple(sorted({WEEKDAYS.index(day) for day in self.digest.days}))
        table["pause"] = tuple((pause.first, pause.last) for pause in self.digest.pause)
        return DigestPolicy(**table)

    def _circles(self) -> tuple[Circle, ...]:
        """The built-in circles with what the file says of them, then the file's own."""
        circles = {circle.name: circle for circle in DEFAULT_CIRCLES}
        for name, table in self.circles.items():
            said = {key: getattr(table, key) for key in table.model_fields_set}
            circles[name] = replace(circles.get(name, Circle(name, None)), **said)
        return tuple(circles.values())

    def _rules(self) -> tuple[Rule, ...]:
        """The file's rules in place of the built-in ones, which stand only when it has none."""
        if "rules" not in self.model_fields_set:
            return DEFAULT_RULES
        return tuple(
            Rule(rule.name, When(**dict(rule.when)), rule.circle, self._document.line_of(("rules", index)))
            for index, rule in enumerate(self.rules)
        )

    def _person(self, address: str, table: PersonTable) -> PersonPolicy:
        return PersonPolicy(
            address=address,
            name=table.name,
            also=table.also,
            circle=table.circle,
            cadence=table.cadence,
            mute=table.mute,
            birthday=table.birthday,
            company=table.at.company if table.at else "",
            company_since=table.at.since if table.at else None,
            place=self._document.line_of(("people", address)),
        )
