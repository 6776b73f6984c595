"""Who is in the demo world, and what they write about: an invented year in the life of an invented owner.

Every address is in a domain that RFC 2606 keeps free for examples. `mail` and `calendar` let them act.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from zoneinfo import ZoneInfo

OWNER = "Elena Conti"
PERSONAL = "elena@conti.example"
AT_WORK = "elena.conti@brightwater.example"
AT_THE_OLD_JOB = "elena.conti@tidewell.example"
ZONE = ZoneInfo("Europe/Rome")
OLD_JOB = "tidewell.example"
BUSINESS = frozenset(
    {"brightwater.example", "meridian.example", "levantfoods.example", "kestrelbooks.example",
     "fjordprint.example", "papertrail.example", "northhost.example"}
)  # fmt: skip
"""Whom the owner writes to from her desk; to everybody else she writes from home."""


class Tongue(StrEnum):
    """What somebody's mail program puts before the subject of an answer."""

    ENGLISH = "Re: "
    GERMAN = "AW: "
    ITALIAN = "R: "


@dataclass(frozen=True, slots=True)
class Member:
    """One person the owner exchanges mail with. Lengths of time are in days before today.

    A thread starts about every `every` days from `since` on; the last one ended `silent` days ago, with their word when
    `they_wrote_last`; then `unanswered` mails of the owner follow it. From `moved` on they write from `moved_to`.
    """

    name: str
    address: str
    every: int
    silent: int
    topics: tuple[str, ...]
    since: int = 425
    until_left: int = 0
    """While the owner worked beside them, a thread began about every so many days; 0: they never did."""
    they_wrote_last: bool = False
    last_topic: str = ""
    unanswered: int = 0
    moved_to: str = ""
    moved: int = 0
    tongue: Tongue = Tongue.ENGLISH


SHARED = (
    "Question about the timetable",
    "Friday",
    "Slides for the workshop",
    "A name for you",
    "Catching up",
    "Thanks",
)
WORK = ("Roadmap draft", "Standup notes", "Press copy, second round", "Budget lines", "Hiring panel", "Site launch")
CLIENT = ("Statement of work", "Autumn campaign", "Feedback on the proofs", "Invoice question", "Next steps", "Scope")
SUPPLY = ("Paper samples", "Delivery window", "Quote for 2,000 copies", "Colour proofs", "Renewal", "Price list")
ADVICE = ("Lisbon talk draft", "A decision I keep postponing", "Your advice on a contract", "Reading list", "The offer")
TRADE = ("Type conference", "That article of yours", "Studio visit", "An introduction", "Coffee soon?", "New site")
ITALIAN = ("Bozza dell'intervento", "Un consiglio", "Perché no?", "Il libro che dicevi", "Ci vediamo a Bologna?")
GERMAN = ("Rückfrage zum Angebot", "Termin nächste Woche", "Korrekturen", "Grüße aus Köln", "Druckfreigabe")
FRENCH = ("Épreuves à relire", "Devis révisé", "Déjeuner à Lyon ?", "Prochaines étapes", "Couverture")
SPANISH = ("Reunión de mañana", "Propuesta de diseño", "¿Nos vemos en Málaga?", "Gracias por la charla")
PORTUGUESE = ("Oficina em São Paulo", "Tradução do artigo", "Uma ideia", "Até já")
INDONESIAN = ("Makan siang", "Kabar dari Bandung", "Proyek baru", "Undangan diskusi", "Terima kasih")

CAST = (
    # mentors
    Member("Marta Bianchi", "marta.bianchi@archway.example", 40, 91, ITALIAN, moved_to="marta@bianchi.example",
           moved=170, they_wrote_last=True, last_topic="Lisbon talk draft", tongue=Tongue.ITALIAN),
    Member("Henrik Lund", "henrik@lund.example", 33, 12, ADVICE),
    Member("Grace Mwangi", "grace.mwangi@harbourline.example", 30, 20, ADVICE),
    # clients
    Member("Rana Khoury", "rana@levantfoods.example", 21, 64, CLIENT, unanswered=2, last_topic="Autumn campaign"),
    Member("Priya Raman", "priya.raman@meridian.example", 9, 3, CLIENT),
    Member("Owen Price", "owen.price@meridian.example", 16, 7, CLIENT),
    Member("Julien Moreau", "julien.moreau@kestrelbooks.example", 18, 9, FRENCH),
    Member("Clara Weiss", "clara.weiss@kestrelbooks.example", 20, 37, GERMAN, tongue=Tongue.GERMAN),
    # the job that ended about a year ago
    Member("Budi Santoso", "budi.santoso@tidewell.example", 35, 130, INDONESIAN, until_left=8),
    Member("Dewi Lestari", "dewi.lestari@tidewell.example", 30, 6, INDONESIAN, until_left=10, they_wrote_last=True,
           last_topic="Panel in Bandung"),
    Member("Tom Okafor", "tom.okafor@tidewell.example", 28, 100, SHARED, until_left=6, they_wrote_last=True,
           last_topic="My new desk", moved_to="tom.okafor@heliolabs.example", moved=104),
    Member("Aiko Tanaka", "aiko.tanaka@tidewell.example", 40, 22, SHARED, until_left=9),
    Member("Nadia Haddad", "nadia.haddad@tidewell.example", 38, 118, SHARED, until_left=12),
    Member("Viktor Novák", "viktor.novak@tidewell.example", 36, 15, SHARED, until_left=14),
    Member("Lucía Fernández", "lucia.fernandez@tidewell.example", 42, 25, SPANISH, until_left=10),
    Member("Paul Brandt", "paul.brandt@tidewell.example", 400, 366, GERMAN, until_left=7, tongue=Tongue.GERMAN),
    Member("Helen Park", "helen.park@tidewell.example", 400, 371, SHARED, until_left=9),
    Member("Joost de Wit", "joost.dewit@tidewell.example", 400, 380, SHARED, until_left=11),
    # the job before that one: lost touch
    Member("Samuel Adeyemi", "samuel.adeyemi@oriel.example", 22, 610, SHARED, since=1010),
    # suppliers
    Member("Ingrid Solheim", "ingrid.solheim@fjordprint.example", 36, 165, SUPPLY),
    Member("Mikkel Dahl", "mikkel.dahl@fjordprint.example", 40, 18, SUPPLY),
    Member("Rosa Álvarez", "rosa@papertrail.example", 45, 33, SPANISH),
    Member("Ştefan Popescu", "stefan.popescu@northhost.example", 44, 172, SUPPLY),
    # friends of the trade
    Member("Luca Ferri", "luca.ferri@example.org", 45, 75, ITALIAN, tongue=Tongue.ITALIAN),
    Member("James Whitfield", "james@whitfield.example", 33, 11, TRADE, they_wrote_last=True,
           last_topic="A reference for Anna?"),
    Member("Anna Keller", "anna.keller@example.net", 30, 5, GERMAN, tongue=Tongue.GERMAN),
    Member("Chloé Dubois", "chloe.dubois@example.net", 24, 150, FRENCH),
    Member("Hiro Matsuda", "hiro@matsuda.example", 48, 40, TRADE),
    Member("Sara Lindqvist", "sara.lindqvist@example.org", 26, 110, TRADE),
    Member("Mateus Oliveira", "mateus.oliveira@example.com", 44, 27, PORTUGUESE),
    Member("Zofia Kamińska", "zofia.kaminska@example.com", 38, 16, TRADE),
    Member("Emeka Nwosu", "emeka.nwosu@example.net", 50, 21, TRADE),
    Member("Leila Farahani", "leila@farahani.example", 34, 8, TRADE),
    # the present job
    Member("Giulia Romano", "giulia.romano@brightwater.example", 6, 1, WORK, since=340, tongue=Tongue.ITALIAN),
    Member("Daniel Okoye", "daniel.okoye@brightwater.example", 6, 1, WORK, since=338),
    Member("Mei Chen", "mei.chen@brightwater.example", 8, 2, WORK, since=335),
    Member("Robert Ashby", "robert.ashby@brightwater.example", 14, 4, WORK, since=330),
    Member("Fatima Zahra", "fatima.zahra@brightwater.example", 10, 3, WORK, since=320),
    Member("Sven Eriksson", "sven.eriksson@brightwater.example", 12, 6, WORK, since=310),
    # met once or twice: a first name shared with Marta Bianchi, an address of the same firm, a chance acquaintance
    Member("Marta Ricci", "marta.ricci@example.com", 200, 47, ITALIAN, since=240, tongue=Tongue.ITALIAN),
    Member("Oliver Hughes", "oliver.hughes@example.org", 300, 141, TRADE, since=160),
)  # fmt: skip
