"""What an address says of the person behind it: full names, and the handles that people give themselves.

A handle is a local part, a login at a forge or a display name of one word. Which of all this makes two addresses one
person is decided in `identity`.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import TYPE_CHECKING

from syncd.pipeline.machines import is_machine_address, is_namesake_domain, is_persons_name, is_role_address
from syncd.pipeline.normalize import display_name, fold_letters, name_key, name_words
from syncd.pipeline.spelling import agree, runs, shortened, spellings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from syncd.model import Sighting

_REMEMBERED = 1 << 14
_SHARE_OF_A_NAME = 0.5
_SHORTEST_REST = 4
"""Letters of a last name beside an initial: "Anna" of arossi@ is Anna Rossi, of amr@ nobody knows."""
_SHORTEST_NAME = 6
"""Letters of a full name in one word; fewer may be initials (vn-ki)."""
_SHORTEST_NUMBERED = 5
_SHORTEST_LOGIN = 7
_LONGEST_OF_A_NAME = 4  # words

# 12345+login@users.noreply.github.com, 12345-login@users.noreply.gitlab.com, login@noreply.codeberg.org
_FORGE = re.compile(r"(?:(?P<number>\d+)[+\-])?(?P<login>[^@+]+)@(?P<forge>(?:users\.)?noreply\.[a-z0-9.\-]+)")
_EVERYBODYS = re.compile(
    "me|my|myself|self|mail|e-?mails?|mailbox|inbox|home|work|private|privat|personal|hello|hi|hey|ciao|post|user|dev"
    "|git|github|gitlab|code|web|www|spam|junk|test|temp|public|lists?|mailinglists?|name|mobile|phone|iphone|laptop"
)
_HUMP = re.compile(r"(?<=[a-zß-ÿ])(?=[A-ZÀ-Þ])")
_SEPARATORS = re.compile(r"[._\-]+")
_DIGITS = "0123456789"
# first names of seven letters and more that stand alone in many addresses (shorter ones no rule takes for a handle)
_GIVEN = frozenset(  # as text: one name a line would be four hundred lines
    """
    abdullah adriana alberto alejandra alejandro aleksandr aleksandra alessandra alessandro alessio alexander alexandra
    alexandre alexandros alfonso alfredo alistair anastasia andreas andrzej angelika angelina annabelle antonella
    antonia antonio antonios arianna armando arnaldo arthur augusto aurelien barbara bartosz beatrice beatrix beatriz
    benedetta benedict benedikt benjamin bernard bernardo bernhard brandon brigitte cameron carolina caroline cassandra
    catarina caterina catherine cecilia charles charlie charlotte chiara christian christiane christina christine
    christof christoph christophe christopher christos claudia claudine claudio clement clemens constance constantin
    constantine cornelia cristian cristiana cristiano cristina cynthia damiano daniele daniela daniella danielle deborah
    delphine dimitri dimitrios dimitris domenico dominic dominik dominika dominique donatella dorothea dorothy douglas
    eduardo edoardo eleonora elisabeth elisabetta elizabeth emanuela emanuele emmanuel enrique ernesto eugenia eugenio
    evangelos fabrice fabricio fabrizio federica federico felicity ferdinand fernanda fernando filippo florence florent
    florian frances francesca francesco francine francis francisco francois frederic frederick frederico frederik
    friedrich gabriel gabriela gabriele gabriella gabrielle genevieve geoffrey georgia georgios geraldine gerhard
    giacomo gilbert giorgia giorgio giovanna giovanni giuliana giuliano giuseppe giuseppina gonzalo gregory gregorio
    guillaume guillermo gunther gustavo harriet heinrich hendrik herbert hermann hubert ibrahim ignacio isabella
    isabelle     jacqueline jasmine javier jeffrey jennifer jeremiah jeremie jerome jessica joachim joaquin johanna
    johannes jonathan
    josephine julian juliana juliane juliette justine katarina katarzyna katerina katharina katherine kathleen kathryn
    kimberly konstantin konstantinos kristian kristina kristine krzysztof laurence laurent lawrence leonard leonardo
    leonora letizia lorenzo luciana luciano lucrezia ludovic ludovica ludovico madeleine maddalena magdalena manuela
    marcela marcella marcello marcelo margaret margarita margherita marianna marianne marilyn martina martine massimo
    massimiliano matilda matilde matteo matthew matthias matthieu maurice mauricio maurizio maximilian maximiliano
    melanie melissa mercedes michael michaela michele michelle mikhail miranda miroslav mohamed mohammad mohammed monica
    monique muhammad natalia natalie natasha nathalie nathaniel nicholas nicolas nicolette nicoletta nikolai nikolaos
    nikolas norbert octavio olivia olivier ottavio panagiotis pascale patrice patricia patricio patrick patrizia
    pauline philipp philippa philippe phillip priscilla priyanka rachele rafaela rafael raffaele raffaella raimund
    raphael raymond rebecca reinhard ricardo riccardo richard roberta roberto roderick rodolfo rodrigo roland rolando
    rosalind rosanna rosario rosemary rudolf russell salvador salvatore samantha samuele santiago savannah sebastian
    sebastiano sebastien serena sergey sergio shannon siegfried silvana silvano silvia simona simone solange sophia
    sophie spencer stanislav stanislaw stanley stefania stefanie stefano stephan stephane stephanie stephen steven
    susanna susanne suzanne svetlana sylvain sylvester sylvia sylvie tatiana terence teresa theodor theodora theodore
    theodoros theresa therese thibault thomas tiffany timothy tommaso tristan ulrich ulrike umberto valentin valentina
    valentine valentino valerie valerio vanessa veronica veronika veronique victor victoria vincent vincenzo vincenza
    violeta virginia virginie vittoria vittorio vladimir volodymyr walter wilfried wilhelm william winfried winston
    wolfgang xavier yevgeny yolanda yvonne zachary zoltan
    """.split()  # noqa: SIM905 - likewise
)


@dataclass(frozen=True, slots=True)
class Trace:
    """What one address says of its person.

    `names`: keys of the full names it carries; `read`: of full names that its display name and its local part give
    together. `guessed`: a first name with the rest of the local part (Anna of arossi@), which may be no name.
    `partial`: names of one word, or with initials, that its person goes by. `local`: its local part as a handle;
    `shown`: handles that its person displays; `login`: the one of them that a forge vouches for.
    """

    names: frozenset[str] = frozenset()
    read: frozenset[str] = frozenset()
    guessed: frozenset[str] = frozenset()
    partial: frozenset[str] = frozenset()
    local: str = ""
    shown: frozenset[str] = frozenset()
    login: str = ""

    @property
    def full(self) -> frozenset[str]:
        """Every full name."""
        return self.names | self.read

    @property
    def said(self) -> frozenset[str]:
        """Every name, whole or in part."""
        return self.names | self.read | self.partial

    @property
    def handles(self) -> frozenset[str]:
        """Every handle."""
        return self.shown | {self.local} - {""}


def trace_of(sighting: Sighting) -> Trace:
    """What an address says of its person; machines and offices say nothing but a name that stands in their domain."""
    address = sighting.address
    names = _names(sighting)
    if is_machine_address(address) or is_role_address(address):
        return Trace(names)
    account = forge_account(address)
    login = account[1] if account else ""
    whole = "" if account else address.rpartition("@")[0].partition("+")[0]
    local = "" if _EVERYBODYS.fullmatch(whole) else whole
    displayed = [name for name, _ in sighting.names]
    shown = frozenset(one for one in {login, *map(_handle_in, displayed)} if one and not _EVERYBODYS.fullmatch(one))
    partial = frozenset(filter(None, map(_partial, displayed)))
    read = _read(local or login, names, shown, partial, displayed)
    guessed = (
        frozenset() if names or read else _guessed(local or login, partial | {one for one in shown if one.isalpha()})
    )
    return Trace(names, read, guessed, partial, local, shown, login)


def full_name(sighting: Sighting) -> str:
    """The key of the full name under which an address is known; "" when names cannot tell whose it is.

    Machines, offices and addresses that several people share have none.
    """
    address = sighting.address
    if is_machine_address(address):
        return ""
    keys: Counter[str] = Counter()
    for name, count in sighting.names:
        if is_persons_name(name) and (not is_role_address(address) or is_namesake_domain(name, address)):
            keys[name_key(name)] += count
    if not keys:
        return ""
    best = max(keys, key=lambda key: (keys[key], key))
    return best if keys[best] > _SHARE_OF_A_NAME * keys.total() or _all_agree(keys) else ""


def _names(sighting: Sighting) -> frozenset[str]:
    """The full names of an address: all it carries when one person can have them, else the one it mostly carries."""
    best = full_name(sighting)
    if not best:
        return frozenset()
    keys = {name_key(name) for name, _ in sighting.names if is_persons_name(name)}
    return frozenset(keys if _all_agree(keys) else {best})


def _all_agree(keys: Iterable[str]) -> bool:
    return all(agree(first, second) for first, second in combinations(sorted(keys), 2))


def spelled(sighting: Sighting, names: frozenset[str]) -> frozenset[str]:
    """The full names of an address with the keys of their other spellings."""
    accented = [name for name, _ in sighting.names if not name.isascii() and name_key(name) in names]
    return names.union(*map(spellings, accented)) if accented else names


def _read(
    local: str, names: frozenset[str], shown: frozenset[str], partial: frozenset[str], displayed: Iterable[str]
) -> frozenset[str]:
    """The full names that a local part and the display names give together, when all of them can be one person's."""
    found = {key for key in map(_name_in, displayed) if key}
    words = _words_in(local)
    if words and any(agree(one, words) and one.count(" ") <= words.count(" ") for one in (*names, *partial)):
        found.add(words)  # never less than they display: anna.rossi@ of Anna M. Rossi is not Anna Rossi's
    if words and any(letters_of(handle) in runs(words) | shortened(words) for handle in shown - {local}):
        found.add(words)
    return frozenset(found - names) if _all_agree(found | names) else frozenset()


def _guessed(local: str, said: frozenset[str]) -> frozenset[str]:
    """A first name with the rest of a local part that it begins: "anna" with arossi, annarossi, rossia, rossianna."""
    said -= {local}
    if len(said) != 1 or not local.isalpha() or " " in (given := min(said)):
        return frozenset()
    for start in (given, given[0]):
        rests = {local.removeprefix(start), local.removesuffix(start)} - {local, given}
        if long := {rest for rest in rests if len(rest) >= _SHORTEST_REST}:
            return frozenset(f"{given} {rest}" for rest in long)
    return frozenset()


@lru_cache(_REMEMBERED)
def _words_in(local: str) -> str:
    """The key of a full name of which a local part consists ("anna.m.rossi"); "" when it is none."""
    words = _SEPARATORS.split(local.rstrip(_DIGITS))
    name = " ".join(words)
    return name_key(name) if 1 < len(words) <= _LONGEST_OF_A_NAME and _is_name(words) else ""


@lru_cache(_REMEMBERED)
def _name_in(name: str) -> str:
    """The key of a full name in a display name of one word: AnnaRossi, Anna_Rossi; "" when there is none."""
    found = display_name(name)
    if not found or " " in found:
        return ""
    words = [word for word in _SEPARATORS.split(_HUMP.sub("_", found)) if word]
    return name_key(" ".join(words)) if 1 < len(words) <= _LONGEST_OF_A_NAME and _is_name(words) else ""


def _is_name(words: list[str]) -> bool:
    return (
        all(map(str.isalpha, words))
        and min(len(words[0]), len(words[-1])) > 1
        and sum(map(len, words)) >= _SHORTEST_NAME
        and is_persons_name(" ".join(words))
    )


@lru_cache(_REMEMBERED)
def _handle_in(name: str) -> str:
    """A display name of one word, in the form in which a login has it; "" when it is anything else."""
    words = name_words(name)
    return words[0] if len(words) == 1 and words[0].isascii() else ""


@lru_cache(_REMEMBERED)
def _partial(name: str) -> str:
    """A display name that is less than a full one: "Anna", "Anna R."; "" for a handle ("annarossi", "AnnaR")."""
    if name_key(name):
        return ""
    words = name_words(name)
    tidy = display_name(name)
    alone = len(words) == 1 and (not words[0].isalpha() or not (tidy[:1].isupper() and tidy[1:].islower()))
    return "" if alone else " ".join(words)


@lru_cache(_REMEMBERED)
def forge_account(address: str) -> tuple[str, str, str] | None:
    """The forge, the login and the number (else "") of a no-reply address that a forge gave to an author."""
    found = _FORGE.fullmatch(address) if "noreply" in address else None
    return (found["forge"], found["login"], found["number"] or "") if found else None


def letters_of(handle: str) -> str:
    """A handle without what stands between its words."""
    return _SEPARATORS.sub("", handle)


def is_numbered(handle: str) -> bool:
    """Whether a handle is letters and digits: nobody's name, and no word."""
    letters = sum(map(str.isalpha, handle))
    return len(handle) >= _SHORTEST_NUMBERED and _SHORTEST_REST - 1 <= letters < len(letters_of(handle))


def may_be_chosen(login: str) -> bool:
    """Whether a login of letters is longer than the words that two people would choose, and no first name."""
    return len(login) >= _SHORTEST_LOGIN and fold_letters(letters_of(login)) not in _GIVEN
