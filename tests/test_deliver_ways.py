"""The way of handing over that the settings choose."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from syncd.config import SendSettings
from syncd.deliver import Transport, transport_for
from syncd.deliver.maildir import Maildir, Stdout
from syncd.deliver.sendmail import Sendmail
from syncd.deliver.smtp import Smtp
from syncd.errors import AuthRequired, DeliveryError

if TYPE_CHECKING:
    from pathlib import Path

    from syncd.connector import SecretRef


def _no_secret(_: SecretRef) -> str:
    raise AuthRequired("The secret is gone.", "Type: pass init")


@pytest.mark.parametrize(
    ("settings", "transport"),
    [
        (
            {"via": "smtp", "host": "mail.example", "tls": "starttls", "from": "syncd@example.org"},
            Smtp("mail.example", 587, "starttls", sender="syncd@example.org"),
        ),
        ({"via": "smtp", "host": "127.0.0.1", "tls": "none", "port": 2525}, Smtp("127.0.0.1", 2525, "none")),
        ({"via": "sendmail", "command": ["/usr/sbin/sendmail", "-i"]}, Sendmail(("/usr/sbin/sendmail", "-i"))),
        ({"via": "stdout"}, Stdout()),
    ],
)
def test_the_settings_choose_the_way(settings: dict[str, object], transport: Transport) -> None:
    assert transport_for(SendSettings.model_validate(settings), _no_secret) == transport


def test_a_maildir_is_chosen_by_its_path(tmp_path: Path) -> None:
    send = SendSettings.model_validate({"via": "maildir", "path": tmp_path})
    assert transport_for(send, _no_secret) == Maildir(tmp_path)


def test_the_password_is_resolved_at_once_and_never_shown() -> None:
    reference = {"env": "SMTP_PASSWORD"}
    send = SendSettings.model_validate(
        {"via": "smtp", "host": "mail.example", "username": "davide", "password": reference}
    )
    with pytest.raises(AuthRequired):
        transport_for(send, _no_secret)
    transport = transport_for(send, lambda asked: f"the secret of {asked.env}")
    assert transport == Smtp("mail.example", 465, "implicit", "davide", "the secret of SMTP_PASSWORD")
    assert "secret" not in repr(transport)


def test_plain_text_to_another_machine_is_refused_even_when_the_configuration_was_not_asked() -> None:
    unchecked = SendSettings.model_construct(via="smtp", host="mail.example", port=25, tls="none", password=None)
    with pytest.raises(DeliveryError, match="plain text"):
        transport_for(unchecked, _no_secret)
