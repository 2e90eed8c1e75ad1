"""From an advice to what it is about: the application, or the service account, is made."""

from typing import Any

import msgspec

from ostiary.admin import clients, service_account_keys, service_accounts
from ostiary.admin.client_metadata import ClientMetadata
from ostiary.admin.clients import Registered
from ostiary.admin.decode import decode
from ostiary.admin.service_accounts import ServiceAccountFields
from ostiary.advisor.advice import Advice
from ostiary.advisor.answers import Standing
from ostiary.advisor.frameworks import FRAMEWORKS
from ostiary.advisor.registration import Inputs, complete
from ostiary.advisor.rule import Door
from ostiary.advisor.stacks import STACKS
from ostiary.cli.answer import Answer, ExitCode, Failure, style
from ostiary.cli.inputs import read_tree
from ostiary.cli.instance import Instance
from ostiary.cli.places import choose_organization, choose_project
from ostiary.cli.quickstarts import hand_over
from ostiary.cli.quickstarts import reserve as reserve_folder
from ostiary.cli.service_accounts import fill, reserve, write_key_file
from ostiary.cli.views import view_client, view_service_account
from ostiary.jose.keys import Alg, PrivateKey, generate
from ostiary.pages.advisor import ShownAdvice

# What the libraries for key files expect.
_KEY_ALG = Alg.RS256
_MADE_HERE = "m2m-file"


class Wishes(msgspec.Struct, frozen=True, kw_only=True):
    """What was said on the command line about what is to be made."""

    name: str
    redirect_uris: tuple[str, ...]
    jwks: str | None
    key_file: str | None
    reason: str | None
    until: str | None
    project: str | None
    organization: str | None
    folder: str | None


async def create(
    instance: Instance, advice: Advice, standing: Standing, shown: ShownAdvice, wishes: Wishes
) -> Answer:
    """Make what is advised, by the same operations as all other commands.

    Raises:
        Failure: something is missing that only its owner knows.
    """
    pair = None
    if advice.now.id == _MADE_HERE and wishes.jwks is None:
        pair = generate(_KEY_ALG)
    inputs = _read(advice, standing, wishes, pair)
    values = complete(advice, inputs)
    if advice.now.door is Door.APPLICATION:
        reserve_folder(wishes.folder)
        made = await clients.create(
            instance.admin,
            instance.actor,
            await choose_project(instance, wishes.project),
            decode(ClientMetadata, values),
        )
        return _answer_application(instance, standing, shown, made, wishes)
    if wishes.folder is not None:
        raise Failure(
            "usage",
            "There is no program for a service account.",
            exit_code=ExitCode.USAGE,
            hint="Leave --folder out; libraries read the key file by themselves.",
        )
    with reserve(wishes.key_file if pair is not None else None):
        made = await service_accounts.create(
            instance.admin,
            instance.actor,
            await choose_organization(instance, wishes.organization),
            decode(ServiceAccountFields, values),
        )
        return _answer_account(instance, shown, made, pair, wishes.key_file)


def _read(advice: Advice, standing: Standing, wishes: Wishes, pair: PrivateKey | None) -> Inputs:
    redirects = wishes.redirect_uris
    if advice.now.redirects and not redirects and standing.framework is not None:
        redirects = FRAMEWORKS[standing.framework].redirect_uris
    if advice.now.redirects and not redirects:
        raise _missing("--redirect-uri", "People are sent back there after they signed in.")
    jwks = read_tree(wishes.jwks) if wishes.jwks is not None else None
    if pair is not None:
        jwks = {"keys": [pair.public_jwk]}
    if advice.needs_keys and jwks is None:
        raise _missing(
            "--jwks", "It proves itself by a key: the file holds the public half, as a JWK Set."
        )
    legacy = None
    if advice.now.legacy:
        if wishes.reason is None:
            raise _missing("--legacy-reason", "What is old needs a reason, and should have an end.")
        legacy = {"reason": wishes.reason}
        if wishes.until is not None:
            legacy["until"] = wishes.until
    return Inputs(name=wishes.name, redirect_uris=redirects, jwks=jwks, legacy=legacy)


def _missing(option: str, why: str) -> Failure:
    return Failure("usage", f"{option} is missing.", exit_code=ExitCode.USAGE, hint=why)


def _answer_application(
    instance: Instance,
    standing: Standing,
    shown: ShownAdvice,
    made: Registered,
    wishes: Wishes,
) -> Answer:
    key = made.client.client_id
    view: dict[str, Any] = view_client(made.client)
    if made.client_secret is not None:
        view["client_secret"] = made.client_secret
    answer = hand_over(
        instance,
        made.client,
        made.client_secret,
        stack=None if standing.framework is None else STACKS[standing.framework],
        folder=wishes.folder,
        made=Answer(
            data={"application": view},
            text=f"Registered {style(key, 'bold')}: {shown.now_title}.",
        ),
    )
    return _finish(shown, answer)


def _answer_account(
    instance: Instance,
    shown: ShownAdvice,
    made: Registered,
    pair: PrivateKey | None,
    out: str | None,
) -> Answer:
    key = made.client.client_id
    text = [f"Made the service account {style(key, 'bold')}: {shown.now_title}."]
    found: dict[str, Any] = {"service_account": view_service_account(made.client)}
    if pair is not None:
        file = service_account_keys.describe_pair(instance.admin, key, pair)
        content = write_key_file(file)
        if out is None:
            found["key_file"] = msgspec.to_builtins(file)
            text += ["", "Keep this file: it is shown only now.", content]
        else:
            fill(out, content)
            found["key_file"] = out
            text += ["", f"Its private half is in {out}, and nowhere else."]
    answer = Answer(
        data=found,
        text="\n".join(text),
        next_commands=(
            f"ostiary service-account show {key}",
            f"ostiary service-account list-keys {key}",
        ),
    )
    return _finish(shown, answer)


def _finish(shown: ShownAdvice, answer: Answer) -> Answer:
    """Say what is not as it should be yet."""
    cautions = [f"- {one.text}" for one in shown.warnings if one.severity != "note"]
    return msgspec.structs.replace(
        answer,
        data={"rule": shown.now, **answer.data},
        text="\n".join([answer.text, *(["", *cautions] if cautions else [])]),
        warnings=tuple(f"It waits for {one.text}." for one in shown.missing),
    )
